/* SPDX-License-Identifier: Apache-2.0 */
/* kith audit verify: is the journal what was written? */
#include "cli/show.h"

static const char *start_names[] = {
    [CHAIN_NEW] = "new", [CHAIN_UPGRADED] = "upgraded", [CHAIN_COMPACTED] = "compacted"};
static const char *answer_names[] = {[ANCHOR_NONE] = NULL,
                                     [ANCHOR_HOLDS] = "holds",
                                     [ANCHOR_BROKEN] = "broken",
                                     [ANCHOR_BEFORE] = "before"};

static const char *start_name(const struct chain_report *r) {
    return r->start >= CHAIN_NEW && r->start <= CHAIN_COMPACTED ? start_names[r->start] : "?";
}

static kith_status tell(void *arg, uint64_t seq, const char *sentence, kith_error *e) {
    struct cmd *c = arg;
    struct buf b = {0};
    struct json_out j;
    if (c->json) {
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, "row");
        json_int(&j, (int64_t)seq);
        json_key(&j, "finding");
        json_strz(&j, sentence);
        json_object_end(&j);
        json_print(c, &b);
    } else {
        io_printf(c->io, "%srow %llu%s: ", io_style(c->io, STYLE_BAD), (unsigned long long)seq,
                  io_style(c->io, STYLE_PLAIN));
        io_text(c->io, str_of(sentence));
        io_puts(c->io, "\n");
    }
    return io_check(c->io, e);
}

static void json_report(struct cmd *c, const struct chain_report *r, const char *anchor) {
    struct buf b = {0};
    struct json_out j;
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {{"rows", r->rows},       {"transactions", r->heads}, {"erased", r->erased},
                  {"reduced", r->reduced}, {"begins", r->begins},      {"findings", r->findings}};
    json_begin(&j, &b, false);
    json_object_(&j);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        json_key(&j, counts[i].name);
        json_int(&j, (int64_t)counts[i].n);
    }
    json_key(&j, "start");
    json_strz(&j, start_name(r));
    json_key(&j, "anchor");
    json_strz(&j, anchor);
    if (answer_names[r->answer]) {
        json_key(&j, "answer");
        json_strz(&j, answer_names[r->answer]);
    }
    json_object_end(&j);
    json_print(c, &b);
}

static const char *plural(uint64_t n) {
    return n == 1 ? "" : "s";
}

/* What the chain does not say anything about. */
static void print_limits(struct cmd *c, const struct chain_report *r) {
    if (r->start == CHAIN_UPGRADED)
        io_printf(c->io,
                  "Rows up to %llu were written before Kith chained its journal: nothing can be"
                  " said of them.\n",
                  (unsigned long long)r->begins);
    if (r->start == CHAIN_COMPACTED)
        io_printf(c->io, "Rows up to %llu were removed, as the journal is kept for a time only.\n",
                  (unsigned long long)r->begins);
    if (r->erased)
        io_printf(c->io, "%llu row%s erased: the digest of what was there is in the chain.\n",
                  (unsigned long long)r->erased, r->erased == 1 ? " is" : "s are");
    if (r->reduced)
        io_printf(c->io,
                  "%llu row%s reduced to what is not personal: what is left cannot be compared.\n",
                  (unsigned long long)r->reduced, r->reduced == 1 ? " is" : "s are");
}

static void print_report(struct cmd *c, const struct chain_report *r, const char *anchor) {
    if (c->json) {
        json_report(c, r, anchor);
        return;
    }
    if (r->findings == 0)
        io_printf(c->io, "The journal is what was written: %llu row%s of %llu transaction%s.\n",
                  (unsigned long long)r->rows, plural(r->rows), (unsigned long long)r->heads,
                  plural(r->heads));
    print_limits(c, r);
    if (r->findings > 0)
        return;
    if (r->latest_at) {
        io_puts(c->io, "Last written ");
        io_text(c->io, show_time(c, r->latest_at));
        io_puts(c->io, ". ");
    }
    io_printf(c->io, "Write this anchor down where nobody who can write here can change it:\n%s\n",
              anchor);
}

static kith_status answer(struct cmd *c, const struct chain_report *r,
                          const struct chain_anchor *anchor, kith_error *e) {
    if (r->answer == ANCHOR_BROKEN)
        return err_set(e, KITH_E_CORRUPT, NULL,
                       "the journal up to row %llu is not what it was when the anchor was taken:"
                       " compare it with a backup of that time",
                       (unsigned long long)anchor->seq);
    if (r->findings > 0)
        return err_set(e, KITH_E_CORRUPT, NULL,
                       "the journal is not what was written: %zu finding%s; keep the folder as it"
                       " is, and compare it with a backup",
                       r->findings, plural(r->findings));
    if (r->answer == ANCHOR_BEFORE)
        return err_set(e, KITH_E_NOTFOUND, NULL,
                       "the anchor is of row %llu, and the chain begins behind row %llu: nothing"
                       " can be said of it; use a later one",
                       (unsigned long long)anchor->seq, (unsigned long long)r->begins);
    if (r->answer == ANCHOR_HOLDS && !c->json)
        io_printf(c->io, "Up to row %llu it is what it was when that anchor was taken.\n",
                  (unsigned long long)anchor->seq);
    return KITH_OK;
}

static kith_status run_verify(struct cmd *c, kith_error *e) {
    const char *text = cmd_option(c, "anchor");
    struct chain_anchor anchor;
    struct chain_report r;
    char latest[CHAIN_ANCHOR_TEXT];
    if (text && !chain_anchor_parse(str_of(text), &anchor))
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s' is not an anchor: 'kith audit verify' prints one, like 120:4f0c...",
                       text);
    io_progress(c->io, "reading the journal");
    TRY(engine_verify_chain(c->company->engine, text ? &anchor : NULL, tell, c, &r, e));
    chain_anchor_format(&r.latest, latest);
    print_report(c, &r, latest);
    return answer(c, &r, &anchor, e);
}

const struct command command_audit_verify = {
    .name = "audit verify",
    .args = "",
    .help = "whether the journal is what was written",
    .more =
        "  kith audit verify\n"
        "  kith audit verify --anchor 120:4f0c...\n\n"
        "A chain of digests goes through the journal: a row or a transaction that was changed,\n"
        "removed or added is named. Who can write to the database file could make the whole\n"
        "chain anew: against that, write the anchor down elsewhere, and hand it over later.",
    .options = {{"anchor", "ROW:DIGEST", "is the journal up to there what it was then?"}},
    .needs = NEEDS_COMPANY,
    .run = run_verify,
};
