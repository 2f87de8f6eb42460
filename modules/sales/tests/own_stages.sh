#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Stages as they are shipped, none of which is left out, and those of a company that has its own.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
"$KITH" module enable commerce >/dev/null
"$KITH" module enable sales >/dev/null
acme=$(create account name=Acme)

it "goes forward one stage after the other, and back as one likes"
deal=$(create opportunity name=Boat account="$acme")
kith update opportunity "$deal" stage=closing
exits 1
complains "behind prospecting comes qualification, and sales.stages.skip forbids to leave it out"
for stage in qualification proposal prospecting qualification proposal closing won closing won; do
    kith update opportunity "$deal" stage=$stage
    exits 0
done

it "wins by a quote that is accepted, from any stage, and takes back and brings in what stands anywhere"
early=$(create opportunity name=Early account="$acme")
pen=$(create product code=PEN name=Pen price="10 EUR")
order=$(create order account="$acme")
create order_line order="$order" product="$pen" >/dev/null
quote=$(create quote opportunity="$early" order="$order")
kith update quote "$quote" state=sent
exits 0
kith update quote "$quote" state=accepted
exits 0
kith find "opportunity where name = 'Early'" --fields stage --csv
prints won
kith undo "$("$KITH" log --type quote --limit 1 --json | json_text id)"
exits 0
kith find "opportunity where name = 'Early'" --fields stage --csv
prints prospecting
printf 'name,stage,probability,closed_at\nBrought,won,100,2026-01-05\nHalf,closing,80,\n' >deals.csv
kith import opportunity deals.csv
prints "created      2"
printf 'name,stage\nEarly,closing\n' >deals.csv
kith import opportunity deals.csv --key name
prints "updated      1"

it "has a stage of the company's own in order, probability, plays, funnel, pipeline and forecast"
states="prospecting>qualification|lost,qualification>prospecting|proposal|lost"
states="$states,proposal>qualification|negotiation|lost,negotiation>proposal|closing|won|lost"
states="$states,closing>negotiation|won|lost,won.>closing,lost.>prospecting|closing"
kith field set opportunity.stage states="$states"
exits 0
new=$(create opportunity name=New account="$acme" amount="1000 EUR" close_on=2030-01-01)
"$KITH" update opportunity "$new" stage=qualification >/dev/null
"$KITH" update opportunity "$new" stage=proposal >/dev/null
kith update opportunity "$new" stage=negotiation
exits 1
complains "sales.stages.order does not name negotiation; put it there with its probability"
cat >conf.d/zz.conf <<'END'
sales: { stages: { order = ( { stage = "prospecting"; }, { stage = "qualification"; }, { stage = "proposal"; },
                             { stage = "negotiation"; probability = 70; }, { stage = "closing"; } ); }; };
END
kith check
exits 0
kith create play stage=negotiation title="Ask the lawyer" required=true
exits 0
play=$("$KITH" find "play" --json | json_text id)
kith update opportunity "$new" stage=negotiation
exits 0
kith get opportunity "$new" --json
prints "\"probability\":70"
kith report sales.pipeline --csv
prints "negotiation,EUR,1,1000.00 EUR,700.00 EUR"
kith sales.forecast --csv
prints "700.00 EUR"
kith find "stage_visit where stage = 'negotiation' : count()"
prints_exactly 1
kith find "stage_visit where moved_to = 'negotiation' : count()"
prints_exactly 1
kith update opportunity "$new" stage=closing
exits 1
complains "it stays in negotiation until this is done or cancelled: 'Ask the lawyer'"
kith update task "$("$KITH" find "task where play = '$play'" --json | json_text id)" state=done
kith sales.buying_process --csv
prints "deals with an offer,3"
kith update opportunity "$new" stage=closing
exits 0
kith update opportunity "$new" stage=won
exits 0
kith sales.funnel since=2020-01-01 --csv
prints "proposal,4,3,75.00"
prints "negotiation,3,3,100.00"

it "wins a deal by its quote by way of the last stage that the company has"
for stages in "" "qualification proposal" "qualification proposal negotiation"; do # no arrow leads to the last from the first two
    due=$(create opportunity name="Last $stages" account="$acme")
    for stage in $stages; do "$KITH" update opportunity "$due" stage="$stage" >/dev/null; done
    order=$(create order account="$acme")
    create order_line order="$order" product="$pen" >/dev/null
    quote=$(create quote opportunity="$due" order="$order")
    "$KITH" update quote "$quote" state=sent >/dev/null
    kith update quote "$quote" state=accepted
    exits 0
    kith find "opportunity where id = '$due'" --fields stage --csv
    prints won
done

it "says what is wrong with the order of stages"
for order in '{ stage = "negotiaton"; }' '{ stage = "won"; }' '{ stage = "negotiation"; }' \
    '{ stage = "negotiation"; probability = 75; }' '{ stage = "closing"; }, { stage = "closing"; }'; do
    echo "sales: { stages: { order = ( $order ); }; };" >conf.d/zz.conf
    kith check
    exits 2
    prints "sales.stages.order"
done
row='{ stage = "closing"; }'
echo "sales: { stages: { order = ( $row$(printf ", $row%.0s" {1..40}) ); }; };" >conf.d/zz.conf
kith check
exits 2
prints "sales.stages.order has 41 groups; it must have 0 to 40"

finish
