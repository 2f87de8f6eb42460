#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What personal data are used for, field by field, and what regulations need of a company.
here=$(realpath "$(dirname "$0")")
. "$here/lib.bash"
new_company

it "leaves a company alone that has declared nothing"
anna=$(create contact name="Anna Berg" email=anna@example.org)
kith check
exits 0
prints_not "purpose"

it "takes only fields that there are as those of a purpose"
kith create purpose name=orders basis=contract fields="contact.emial"
exits 2
complains "fields: no field 'emial' in contact; did you mean 'email'?"
kith create purpose name=orders basis=contract fields="email"
complains "write 'email' with its type"

it "flags personal fields that hold data without a purpose, and no others"
orders=$(create purpose name=orders basis=contract fields="contact.first_name, contact.last_name,contact.name")
kith check
exits 0
prints "contact: personal fields that hold data have no purpose: email; name them"
prints "contact_point: personal fields that hold data have no purpose:"
prints_not "birthday"
letters=$(create purpose name=letters basis=consent fields="contact.email, contact_point.*")
kith check
exits 0
prints_not "no purpose"
kith update contact "$anna" birthday=1990-01-01
kith check
prints "contact: personal fields that hold data have no purpose: birthday; name them"

it "shows what each field is used for, and on which ground"
kith privacy contact
prints "contact.email       yes         letters (consent)"
prints "contact.birthday    yes         none"
prints_not "contact_point"
kith privacy --json
prints '{"field":"contact.email","holds_data":true,"purposes":[{"name":"letters","basis":"consent"}]}'

it "has a regulation need settings and purposes, until they are there"
echo 'privacy: { regulations = ["gdpr"]; };' >conf.d/privacy.conf
kith check
exits 2
prints "conf.d/privacy.conf:1: gdpr needs backup.recipient to be set (Art. 32"
prints "conf.d/privacy.conf:1: gdpr needs access.keep to be set (Art. 5"
prints "no purpose: birthday"
kith privacy --json
prints '{"regulation":"gdpr","needs":"purposes","met":false,'
kith update purpose "$orders" fields="contact.*"
cat >>conf.d/privacy.conf <<'CONF'
access: { keep = "365d"; };
journal: { keep = "3650d"; };
retention: { rules = ( { name = "old"; find = "contact where updated < now() - 3650d"; } ); };
CONF
mkdir backups
key=$("$KITH" backup key "$work/key" --json | json_text public)
echo "backup: { dir = \"backups\"; recipient = \"$key\"; };" >>conf.d/privacy.conf
kith check
exits 0
kith privacy --json
prints '"needs":"backup.recipient","met":true'
prints_not '"met":false'

it "has a log of access kept long enough, or for ever"
echo 'privacy: { regulations = ["hipaa"]; }; access: { log = "all"; };' >conf.d/privacy.conf
kith check
prints_not "access."
prints "hipaa needs backup.dir"
echo 'privacy: { regulations = ["hipaa"]; }; access: { log = "users"; keep = "90d"; };' >conf.d/privacy.conf
kith check
prints "hipaa needs access.log = all (45 CFR"
prints "hipaa needs access.keep >= 2192d (45 CFR"

it "takes a company's own rules, and says what is no rule"
cat >conf.d/privacy.conf <<'CONF'
privacy: {
  regulations = ["handbook", "gdrp"];
  controls = ( { regulation = "handbook"; needs = "access.password_length >= 12"; why = "page 3"; },
               { regulation = "handbook"; needs = "access.lgo"; } );
};
CONF
kith check
exits 2
prints "handbook needs access.password_length >= 12 (page 3)"
prints "handbook: 'access.lgo' is no setting"
prints "nothing is known of 'gdrp'; did you mean 'gdpr'?"

it "names purposes whose fields are gone"
rm conf.d/privacy.conf
kith field add contact shoe:text
exits 0
kith update purpose "$letters" fields="contact.email, contact_point.*, contact.shoe"
exits 0
kith field retire contact.shoe
complains "seems to be in use"
prints "letters: its fields has the word 'shoe'"
kith field retire contact.shoe --anyway
exits 0
kith check
exits 2
prints "letters: fields: no field 'shoe' in contact"
finish
