/* SPDX-License-Identifier: Apache-2.0 */
/* The base types of the customer database, declared as a module declares its own. The names of
 * their fields are relied on by scripts, imports and other programs. */
#include "record/schema.h"

#define F(n, k, ...)                                                                               \
    { .name = (n), .kind = KITH_F_##k, __VA_ARGS__ }
#define REQUIRED KITH_FF_REQUIRED
#define INDEXED  KITH_FF_INDEXED
#define SEARCHED KITH_FF_SEARCHED
#define PERSONAL KITH_FF_PERSONAL
#define UNIQUE   KITH_FF_UNIQUE
#define PARTOF   KITH_FF_PARTOF
#define READONLY KITH_FF_READONLY
#define TREE     KITH_FF_TREE
#define DERIVED  KITH_FF_DERIVED
#define SUBJECT  KITH_FF_SUBJECT
#define ASSIGNEE KITH_FF_ASSIGNEE

/* Facts about a customer that follow from the interactions. What is planned did not take place. */
#define TOOK_PLACE "(planned is null or not planned)"
#define BOUGHT     "amount is not null and " TOOK_PLACE
#define KEY_FACTS(via)                                                                             \
    F("last_interaction", TIME, .flags = INDEXED,                                                  \
      .rollup = "max(interaction.at via " via " where " TOOK_PLACE ")",                            \
      .doc = "When we last were in touch."),                                                       \
        F("purchases", INTEGER, .rollup = "count(interaction via " via " where " BOUGHT ")",       \
          .doc = "Interactions in which something was bought: those with an amount."),             \
        F("spent", MONEY, .flags = INDEXED,                                                        \
          .rollup = "sum(interaction.amount via " via " where " TOOK_PLACE ")",                    \
          .doc = "The sum of their amounts in the company's currency; others are left out."),      \
        F("first_purchase", TIME, .rollup = "min(interaction.at via " via " where " BOUGHT ")",    \
          .doc = "When something was bought for the first time."),                                 \
        F("last_purchase", TIME, .rollup = "max(interaction.at via " via " where " BOUGHT ")",     \
          .doc = "When something was bought for the last time.")

static const kith_field account_fields[] = {
    F("name", TEXT, .flags = REQUIRED | INDEXED | SEARCHED, .doc = "Name of the organisation."),
    F("parent", LINK, .options = "account", .flags = TREE,
      .doc =
          "The account it belongs to: business units and departments are accounts with a parent."),
    F("kind", CHOICE,
      .options =
          "prospect,customer,partner,supplier,vendor,distributor,competitor,department,other",
      .doc = "What the organisation is to us."),
    F("industry", TEXT, .flags = SEARCHED, .doc = "Line of business."),
    F("size", INTEGER, .doc = "Number of employees."),
    F("revenue", MONEY, .doc = "Yearly revenue."),
    F("website", URL, .flags = SEARCHED, .doc = "Home page."),
    F("phone", PHONE, .flags = INDEXED | SEARCHED, .doc = "Switchboard."),
    F("email", EMAIL, .flags = INDEXED | SEARCHED, .doc = "General mail address."),
    F("fax", PHONE, .doc = "Fax number."),
    F("kinds", TAGS,
      .doc = "All that it is to us, when that is more than its kind: customer, supplier, ..."),
    F("market", CHOICE, .options = "b2b,b2c", .doc = "Does it buy as a business or as a consumer?"),
    F("tags", TAGS, .flags = SEARCHED, .doc = "Free labels; type tag tells what they mean."),
    F("territory", LINK, .options = "territory", .doc = "The territory it lies in."),
    F("place", PLACE, .doc = "Where it lies."),
    F("billing_street", LONGTEXT, .flags = SEARCHED, .doc = "Billing address: street and number."),
    F("billing_city", TEXT, .flags = SEARCHED, .doc = "Billing address: town."),
    F("billing_region", TEXT, .doc = "Billing address: state or region."),
    F("billing_postal_code", TEXT, .doc = "Billing address: postal code."),
    F("billing_country", TEXT, .doc = "Billing address: country."),
    F("shipping_street", LONGTEXT, .doc = "Shipping address: street and number."),
    F("shipping_city", TEXT, .doc = "Shipping address: town."),
    F("shipping_region", TEXT, .doc = "Shipping address: state or region."),
    F("shipping_postal_code", TEXT, .doc = "Shipping address: postal code."),
    F("shipping_country", TEXT, .doc = "Shipping address: country."),
    F("external_id", TEXT, .flags = INDEXED | SEARCHED,
      .doc = "Its id in the program that it came from; a key for imports."),
    KEY_FACTS("account"),
};

static const kith_field contact_fields[] = {
    F("first_name", TEXT, .flags = PERSONAL, .doc = "Given name."),
    F("last_name", TEXT, .flags = PERSONAL, .doc = "Family name."),
    F("nickname", TEXT, .flags = SEARCHED | PERSONAL,
      .doc = "What the person is called by friends."),
    F("name", TEXT, .flags = REQUIRED | INDEXED | SEARCHED | PERSONAL,
      .doc = "First and last name together; writing it splits them."),
    F("salutation", TEXT, .flags = PERSONAL, .doc = "Mr, Ms, Dr, ..."),
    F("title", TEXT, .flags = SEARCHED | PERSONAL, .doc = "Position in the organisation."),
    F("account", LINK, .options = "account", .doc = "The organisation the person belongs to."),
    F("birthday", DATE, .flags = PERSONAL, .doc = "Date of birth."),
    F("language", TEXT, .doc = "Language tag (BCP 47): en, de-AT."),
    F("time_zone", TEXT, .doc = "Time zone name: Europe/Berlin."),
    F("lifecycle", STATE,
      .options =
          "prospect>customer|lost,customer>client|lost,client>supporter|lost,"
          "supporter>ambassador|lost,ambassador>partner|lost,partner>lost,lost>prospect|customer",
      .default_text = "prospect", .doc = "Where the person stands with us."),
    F("kinds", TAGS,
      .doc = "What the person is to us: lead, customer, vendor, supplier, distributor, partner,"
             " employee, ...; several may hold."),
    F("market", CHOICE, .options = "b2b,b2c",
      .doc = "Does the person buy for a business or as a consumer?"),
    F("household", LINK, .options = "household", .doc = "The household the person lives in."),
    F("source", TEXT, .doc = "Where the person came from."),
    F("email", EMAIL, .flags = INDEXED | SEARCHED | PERSONAL,
      .doc = "The primary e-mail contact point."),
    F("phone", PHONE, .flags = INDEXED | SEARCHED | PERSONAL,
      .doc = "The primary phone contact point."),
    F("street", LONGTEXT, .flags = SEARCHED | PERSONAL, .doc = "Street and number."),
    F("city", TEXT, .flags = INDEXED | SEARCHED | PERSONAL, .doc = "Town."),
    F("region", TEXT, .flags = PERSONAL, .doc = "State or region."),
    F("postal_code", TEXT, .flags = PERSONAL, .doc = "Postal code."),
    F("country", TEXT, .doc = "Country."),
    F("place", PLACE, .flags = PERSONAL, .doc = "Where the address lies."),
    F("fax", PHONE, .flags = PERSONAL, .doc = "Fax number."),
    F("website", URL, .flags = PERSONAL, .doc = "Home page."),
    F("preferred_channel", CHOICE, .options = "email,call,sms,meeting,chat,social,mail,fax",
      .doc = "How the person wants to be reached."),
    F("industry", TEXT, .doc = "Line of business the person works in."),
    F("interests", TAGS, .flags = PERSONAL, .doc = "What the person is interested in."),
    F("challenge", LONGTEXT, .flags = SEARCHED | PERSONAL,
      .doc = "The biggest challenge that the person has."),
    F("tags", TAGS, .flags = SEARCHED, .doc = "Free labels; type tag tells what they mean."),
    F("external_id", TEXT, .flags = INDEXED | SEARCHED | PERSONAL,
      .doc = "Its id in the program that it came from; a key for imports."),
    F("restricted", TIME, .flags = READONLY,
      .doc = "Since when the data are kept only, and used for nothing (GDPR, Art. 18)."),
    F("restricted_note", LONGTEXT, .flags = READONLY | PERSONAL,
      .doc = "Why that is so, or why it was lifted."),
    KEY_FACTS("contact"),
};

/* What is known of a person beyond that; on a record of its own, so that contacts stay small. */
static const kith_field profile_fields[] = {
    F("contact", LINK, .options = "contact", .flags = REQUIRED | UNIQUE | PARTOF,
      .doc = "Whose profile it is."),
    F("occupation", TEXT, .flags = SEARCHED | PERSONAL,
      .doc = "What the person does for a living."),
    F("gender", TEXT, .flags = PERSONAL, .doc = "As the person puts it."),
    F("marital_status", TEXT, .flags = PERSONAL, .doc = "single, married, ..."),
    F("education", TEXT, .flags = PERSONAL, .doc = "The highest degree."),
    F("income_band", TEXT, .flags = PERSONAL, .doc = "Roughly: 30-50k."),
    F("brands", TAGS, .flags = PERSONAL, .doc = "Brands the person is fond of."),
    F("needs", TAGS, .flags = PERSONAL, .doc = "Needs the person has told of."),
    F("habits", TAGS, .flags = PERSONAL, .doc = "How the person buys and behaves."),
    F("buying_factors", TAGS, .flags = PERSONAL,
      .doc = "What moves the person to buy: cultural, social and personal factors."),
    F("body", LONGTEXT, .flags = SEARCHED | PERSONAL, .doc = "More about the person."),
};

static const kith_field household_fields[] = {
    F("name", TEXT, .flags = REQUIRED | INDEXED | SEARCHED | PERSONAL,
      .doc = "What it is called: Family Lovelace."),
    F("street", LONGTEXT, .flags = PERSONAL, .doc = "Street and number."),
    F("city", TEXT, .flags = INDEXED | SEARCHED | PERSONAL, .doc = "Town."),
    F("region", TEXT, .flags = PERSONAL, .doc = "State or region."),
    F("postal_code", TEXT, .flags = PERSONAL, .doc = "Postal code."),
    F("country", TEXT, .doc = "Country."),
    F("place", PLACE, .flags = PERSONAL, .doc = "Where it lies."),
    F("size", INTEGER, .doc = "How many live in it."),
    F("income_band", TEXT, .flags = PERSONAL, .doc = "Roughly: 60-90k."),
};

static const kith_field relation_fields[] = {
    F("kind", CHOICE,
      .options = "spouse,partner,parent,child,sibling,relative,guardian,friend,neighbour,colleague,"
                 "manager,assistant,adviser,referrer,owner,member,supplier,customer,competitor,"
                 "other",
      .flags = REQUIRED, .doc = "What the party is to the other one."),
    F("party", LINK, .options = "*", .flags = REQUIRED | PARTOF,
      .doc = "Who it is: a contact, an account, a household."),
    F("other", LINK, .options = "*", .flags = REQUIRED | PARTOF, .doc = "To whom."),
    F("since", DATE, .doc = "From when on."),
    F("until", DATE, .doc = "Until when; empty: it goes on."),
    F("body", LONGTEXT, .flags = SEARCHED | PERSONAL, .doc = "More about it."),
};

static const kith_field life_event_fields[] = {
    F("about", LINK, .options = "*", .flags = REQUIRED | PARTOF,
      .doc = "Whose it is: a contact, an account, a contract, ..."),
    F("kind", CHOICE,
      .options = "birthday,anniversary,wedding,birth,move,graduation,new_job,renewal,expiry,"
                 "purchase,other",
      .flags = REQUIRED, .doc = "What it is."),
    F("date", DATE, .flags = REQUIRED, .doc = "The day."),
    F("yearly", BOOLEAN,
      .doc = "It comes again each year. A new one does when nothing is said and it is a birthday, "
             "an anniversary or a wedding."),
    F("next", DATE, .flags = READONLY | INDEXED,
      .doc = "The next day on which it comes; life_event.due is published then."),
    F("body", LONGTEXT, .flags = SEARCHED | PERSONAL, .doc = "More about it."),
};

static const kith_field tag_fields[] = {
    F("name", TEXT, .flags = REQUIRED | UNIQUE | SEARCHED, .doc = "The label, as records have it."),
    F("category", TEXT, .doc = "What sort of label it is."),
    F("description", LONGTEXT, .flags = SEARCHED, .doc = "What it means, and when to use it."),
};

static const kith_field stage_fields[] = {
    F("record_type", TEXT, .flags = REQUIRED | INDEXED, .doc = "Of which type: contact."),
    F("state", TEXT, .flags = REQUIRED, .doc = "Which state of it: customer."),
    F("team", LINK, .options = "team", .doc = "The department that answers for records in it."),
    F("description", LONGTEXT, .doc = "What holds in it, and what leads on."),
};

static const kith_field contact_point_fields[] = {
    F("contact", LINK, .options = "contact", .flags = REQUIRED | PARTOF, .doc = "Whose it is."),
    F("kind", CHOICE, .options = "email,phone,postal,handle,other", .flags = REQUIRED,
      .doc = "What it is."),
    F("value", LONGTEXT, .flags = REQUIRED | SEARCHED | PERSONAL, .doc = "As people write it."),
    F("normal", TEXT, .flags = INDEXED | PERSONAL | READONLY,
      .doc = "Normalised for comparing: address in lower case, digits of a number."),
    F("label", TEXT, .doc = "work, home, mobile; of an address: billing, delivery, ..."),
    F("primary", BOOLEAN, .default_text = "false", .doc = "The one to use first, among its kind."),
    F("verified", TIME, .doc = "When it was last proved to work."),
};

/* What personal data may be used for, and on which ground of the GDPR, Art. 6. */
static const kith_field purpose_fields[] = {
    F("name", TEXT, .flags = REQUIRED | UNIQUE | SEARCHED,
      .doc = "What consent('...') says: newsletter."),
    F("basis", CHOICE,
      .options = "consent,contract,legal_obligation,vital_interests,public_task,"
                 "legitimate_interest",
      .flags = REQUIRED, .default_text = "consent",
      .doc =
          "What makes it lawful. On consent it waits for a yes; a legitimate interest or a public "
          "task ends at a no; the others need neither."),
    F("description", LONGTEXT, .flags = SEARCHED,
      .doc = "What is done with which data, in words that the person understands."),
    F("fields", LONGTEXT,
      .doc = "Which fields are used for it: contact.email, contact_point.*. A personal field that "
             "holds data and has no purpose is told of by 'kith privacy' and 'kith check'."),
};

static const kith_field wording_fields[] = {
    F("purpose", LINK, .options = "purpose", .flags = REQUIRED | PARTOF,
      .doc = "To what is agreed."),
    F("version", TEXT, .flags = REQUIRED, .doc = "Which one it is: 2026-01."),
    F("language", TEXT, .doc = "Language tag (BCP 47): en, de-AT."),
    F("text", LONGTEXT, .flags = REQUIRED | SEARCHED,
      .doc = "What the person was shown, word for word. It stays as it is once somebody agreed."),
    F("valid_from", TIME, .doc = "From when on it is shown."),
    F("external_id", TEXT, .flags = INDEXED,
      .doc = "Its id in the company that it came from; a key for imports."),
};

static const kith_field consent_fields[] = {
    F("contact", LINK, .options = "contact", .flags = REQUIRED | PARTOF, .doc = "Who said it."),
    F("contact_points", LINKS, .options = "contact_point",
      .doc = "For one address alone: the contact points of the person that have it."),
    F("address", TEXT, .flags = INDEXED | PERSONAL,
      .doc = "That address, normalised; empty: for the person as a whole. It stays when the contact"
             " points go, or get another."),
    F("purpose", LINK, .options = "purpose", .flags = REQUIRED, .doc = "To what."),
    F("wording", LINK, .options = "wording", .doc = "The text that was shown."),
    F("state", STATE, .options = "given>withdrawn|expired,expired>withdrawn,withdrawn",
      .doc = "withdrawn also of somebody who objected and had never consented."),
    F("at", TIME, .flags = INDEXED, .doc = "When it was said; by default now."),
    F("source", TEXT, .doc = "How: web form, call, paper, trade fair."),
    F("proof", LONGTEXT, .flags = PERSONAL,
      .doc = "What shows it: words, the place of a recording. A document is a file about it."),
    F("ip", TEXT, .flags = PERSONAL, .doc = "The internet address that it came from."),
    F("form", TEXT, .doc = "The id of the form that was filled in."),
    F("expires", TIME, .doc = "When it ends by itself."),
    F("withdrawn_at", TIME, .flags = INDEXED, .doc = "When it was withdrawn."),
    F("withdrawn_by", TEXT, .doc = "How: unsubscribe link, call, letter."),
    F("replaced_by", LINK, .options = "consent", .flags = READONLY,
      .doc = "The word that took its place. Empty: it stands."),
};

static const kith_field interaction_fields[] = {
    F("contact", LINK, .options = "contact", .flags = SUBJECT, .doc = "With whom."),
    F("account", LINK, .options = "account", .doc = "With which organisation."),
    F("channel", CHOICE,
      .options = "email,call,sms,meeting,chat,chatbot,social,web,form,mail,store,fax,comment,other",
      .flags = REQUIRED, .doc = "By which medium."),
    F("direction", CHOICE, .options = "in,out", .doc = "in: the customer began it."),
    F("at", TIME, .flags = INDEXED,
      .doc =
          "When it took place, or is planned for. Now when it is written down without, unless it "
          "is planned or imported."),
    F("planned", BOOLEAN, .default_text = "false", .doc = "It has not taken place yet."),
    F("subject", TEXT, .flags = SEARCHED | PERSONAL, .doc = "About what, in one line."),
    F("body", LONGTEXT, .flags = SEARCHED | PERSONAL, .doc = "What was said or written."),
    F("outcome", TEXT, .flags = PERSONAL, .doc = "What came of it."),
    F("duration", DURATION, .doc = "How long it took."),
    F("cost", MONEY, .doc = "What it cost us."),
    F("about", LINK, .options = "*", .doc = "The record it is about."),
    F("amount", MONEY, .doc = "What was bought, ordered or given, in money."),
    F("external_id", TEXT, .flags = INDEXED | SEARCHED,
      .doc = "Its id in the program that it came from; a key for imports."),
};

/* For the timelines of contacts and accounts. */
static const char *const interaction_indexes[] = {"contact,at", "account,at"};

static const kith_field task_fields[] = {
    F("title", TEXT, .flags = REQUIRED | SEARCHED, .doc = "What is to be done."),
    F("about", LINK, .options = "*", .flags = SUBJECT, .doc = "The record it is about."),
    F("assignee", LINK, .options = "user", .flags = ASSIGNEE, .doc = "Who is to do it."),
    F("due", TIME, .flags = INDEXED, .doc = "Until when."),
    F("priority", CHOICE, .options = "low,normal,high,urgent", .default_text = "normal",
      .doc = "How pressing it is."),
    F("state", STATE, .options = "open>done|cancelled,done.>open,cancelled.>open",
      .doc = "Where it stands."),
    F("reminder", TIME,
      .doc = "When to remind the assignee: task.reminder is published then, if it is open."),
    F("parent", LINK, .options = "task", .flags = TREE,
      .doc = "The task it is part of, which is done when all of its parts are."),
    F("repeat", TEXT,
      .doc = "When done it comes again: after 7d, or at times as cron has them, 0 9 * * mon."),
    F("body", LONGTEXT, .flags = SEARCHED, .doc = "Details."),
    F("form", JSON,
      .doc = "What it asks for: names with text, number, boolean, date, or a list of choices."),
    F("answers", JSON, .flags = PERSONAL, .doc = "What was answered; it is done with that."),
};

static const kith_field note_fields[] = {
    F("about", LINK, .options = "*", .flags = REQUIRED | SUBJECT, .doc = "The record it is about."),
    F("title", TEXT, .flags = SEARCHED | PERSONAL, .doc = "In one line."),
    F("body", LONGTEXT, .flags = REQUIRED | SEARCHED | PERSONAL, .doc = "The text."),
};

static const kith_field file_fields[] = {
    F("about", LINK, .options = "*", .flags = REQUIRED | PARTOF,
      .doc = "The record it belongs to."),
    F("name", TEXT, .flags = REQUIRED | SEARCHED | PERSONAL, .doc = "Name of the file."),
    F("kind", CHOICE, .options = "photo,logo,sound,key,document,other", .default_text = "other",
      .doc = "What it is to the record."),
    F("media_type", TEXT, .flags = READONLY, .doc = "What its bytes are: image/jpeg."),
    F("size", INTEGER, .flags = READONLY, .doc = "Bytes."),
    F("digest", TEXT, .flags = READONLY, .doc = "BLAKE2b of its bytes, 64 hexadecimal digits."),
};

static const kith_field file_part_fields[] = {
    F("file", LINK, .options = "file", .flags = REQUIRED | PARTOF | READONLY, .doc = "The file."),
    F("number", INTEGER, .flags = REQUIRED | READONLY, .doc = "Its place in the file, from 1."),
    F("data", LONGTEXT, .flags = REQUIRED | PERSONAL | READONLY,
      .doc = "Up to 192 KiB of the file, in base64; the parts joined are the whole."),
};

static const kith_field territory_fields[] = {
    F("name", TEXT, .flags = REQUIRED | INDEXED | SEARCHED, .doc = "Name of the territory."),
    F("parent", LINK, .options = "territory", .flags = TREE, .doc = "The larger one it lies in."),
    F("manager", LINK, .options = "user", .doc = "Who answers for it."),
    F("rule", LONGTEXT, .doc = "A condition on accounts that belong to it."),
};

static const kith_field user_fields[] = {
    F("login", TEXT, .flags = REQUIRED | UNIQUE | SEARCHED, .doc = "Name to sign in with."),
    F("name", TEXT, .flags = REQUIRED | SEARCHED, .doc = "Full name."),
    F("email", EMAIL, .flags = UNIQUE | SEARCHED, .doc = "Mail address."),
    F("teams", LINKS, .options = "team", .doc = "The teams the user works in."),
    F("roles", LINKS, .options = "role", .doc = "The roles the user has."),
    F("territories", LINKS, .options = "territory",
      .doc = "The territories the user works in, besides those that the user manages."),
    F("language", TEXT, .doc = "Language tag (BCP 47)."),
    F("time_zone", TEXT, .doc = "Time zone name."),
    F("blocked", BOOLEAN, .default_text = "false",
      .doc = "Nobody comes in as this user, by whatever means."),
};

static const kith_field team_fields[] = {
    F("name", TEXT, .flags = REQUIRED | UNIQUE | SEARCHED, .doc = "Name of the team."),
    F("parent", LINK, .options = "team", .flags = TREE, .doc = "The team it is part of."),
};

static const kith_field role_fields[] = {
    F("name", TEXT, .flags = REQUIRED | UNIQUE | SEARCHED, .doc = "Name of the role."),
    F("rights", JSON, .doc = "What the role may do."),
    F("zone", CHOICE, .options = "intranet,extranet,internet", .default_text = "intranet",
      .doc = "How far out it holds: intranet is for staff, extranet for partners and customers, "
             "internet for the public."),
};

static const kith_field saved_query_fields[] = {
    F("name", TEXT, .flags = REQUIRED | UNIQUE | SEARCHED, .doc = "What @... says."),
    F("query", LONGTEXT, .flags = REQUIRED | SEARCHED,
      .doc = "The query; :name in it is a value that is given each time."),
    F("doc", LONGTEXT, .doc = "What it is for."),
    F("shared", BOOLEAN, .default_text = "false",
      .doc = "For everybody who may read saved queries, and not for its owner alone."),
};

static const kith_field share_fields[] = {
    F("record", LINK, .options = "*", .flags = REQUIRED | PARTOF, .doc = "The record."),
    F("team", LINK, .options = "team", .flags = REQUIRED,
      .doc = "The team that it is shared with."),
};

static const kith_field segment_fields[] = {
    F("name", TEXT, .flags = REQUIRED | UNIQUE | SEARCHED, .doc = "What in_segment('...') says."),
    F("doc", LONGTEXT, .doc = "What it is for."),
    F("query", LONGTEXT, .flags = REQUIRED | SEARCHED,
      .doc = "Which records: contact where city = 'Bonn'. Of a list the type alone: contact."),
    F("kind", CHOICE, .options = "live,list,rented", .default_text = "live",
      .doc = "live: the records that its query finds. list: those that were put in. rented: a list"
             " that goes when its term or its uses are spent."),
    F("class", CHOICE, .options = "local,linked,timed,refreshed,list", .flags = DERIVED,
      .doc = "How it is kept: local, linked and timed at every change; refreshed now and then."),
    F("members", INTEGER, .flags = DERIVED, .doc = "How many records are in it."),
    F("settling", BOOLEAN, .flags = DERIVED,
      .doc = "It is being worked out: some records may be missing or too many until then."),
    F("problem", TEXT, .flags = DERIVED,
      .doc = "Why it cannot be worked out; it is settling until it can, and tried again hourly."),
    F("refreshed", TIME, .flags = DERIVED, .doc = "When it was last worked out as a whole."),
    F("refresh", DURATION, .default_text = "1d", .min = "1m",
      .doc = "How often a refreshed one is worked out anew."),
    F("source", TEXT, .doc = "Of a list: where its records come from."),
    F("valid_until", TIME, .doc = "Of a rented list: when its term ends."),
    F("uses_max", INTEGER, .doc = "Of a rented list: how many times it may be used."),
    F("uses", INTEGER, .flags = READONLY, .default_text = "0",
      .doc = "How many times it was used (segment.use)."),
    F("used", TIME, .flags = READONLY, .doc = "When it was used last."),
    F("grace", DURATION, .default_text = "0s", .min = "0s",
      .doc = "How long its records stay after the last use, for that use to be carried out."),
    F("keep", LONGTEXT,
      .doc = "Of a rented list: which of the records that it brought are our own by now and stay."
             " Of contacts by default: lifecycle != 'prospect'."),
    F("expired", TIME, .flags = READONLY, .doc = "When its term or its uses were spent."),
};

static const kith_field list_member_fields[] = {
    F("segment", LINK, .options = "segment", .flags = REQUIRED | PARTOF, .doc = "The list."),
    F("record", LINK, .options = "*", .flags = REQUIRED | PARTOF, .doc = "What is in it."),
    F("brought", BOOLEAN, .default_text = "false",
      .doc = "The record came with this list: it goes with a rented one, unless it is our own."),
};

/* Nobody but Kith writes them. No personal data in the sense of the flag: an erasure must leave
 * them, or whoever was erased would be written to again. */
static const kith_field suppression_fields[] = {
    F("address", TEXT, .flags = REQUIRED | INDEXED | READONLY,
      .doc = "The address, by a keyed hash of how it is compared: 32 hexadecimal digits."),
    F("purpose", LINK, .options = "purpose", .flags = REQUIRED | READONLY, .doc = "To what."),
    F("at", TIME, .flags = REQUIRED | READONLY, .doc = "When the person said no."),
    F("how", TEXT, .flags = READONLY,
      .doc = "Unsubscribe link, call, letter; deletion: a contact that had said no went."),
    F("lifted", TIME, .flags = READONLY,
      .doc = "When the person consented anew, with proof. Empty: the address is suppressed."),
    F("lifted_by", LINK, .options = "consent", .flags = READONLY, .doc = "The consent that does."),
};

/* Nobody but Kith writes them: a merge does, and its undo. */
static const kith_field redirect_fields[] = {
    F("gone", TEXT, .flags = REQUIRED | UNIQUE | READONLY | PERSONAL,
      .doc = "The id of the record that was merged into the other, or what other programs know it"
             " by: contact.external_id=4711."),
    F("kept", LINK, .options = "*", .flags = REQUIRED | PARTOF | READONLY,
      .doc = "The record that it goes on in; of the same type."),
};

static const kith_field erasure_fields[] = {
    F("record_type", TEXT, .flags = REQUIRED | READONLY, .doc = "Of which type the record was."),
    F("record", TEXT, .flags = REQUIRED | UNIQUE | READONLY, .doc = "The id that it had."),
    F("reason", TEXT, .flags = REQUIRED | READONLY, .doc = "Why it was erased."),
    F("gone", INTEGER, .flags = READONLY, .doc = "How many records went: it and its parts."),
    F("emptied", INTEGER, .flags = READONLY,
      .doc = "How many stayed that told about it, without what they told."),
    F("swept", TIME, .flags = READONLY,
      .doc = "Since when nothing of it is in the files either; until then empty."),
};

/* Nobody but Kith writes them. */
static const kith_field workflow_run_fields[] = {
    F("workflow", TEXT, .flags = REQUIRED | READONLY | INDEXED, .doc = "The workflow's name."),
    F("file", TEXT, .flags = REQUIRED | READONLY, .doc = "Where it stands."),
    F("version", TEXT, .flags = REQUIRED | READONLY,
      .doc = "Of the file, as it was when the run began: it goes on by that."),
    F("about", LINK, .options = "*", .flags = READONLY | PARTOF,
      .doc = "The record for which it runs; it ends with that."),
    F("parent", LINK, .options = "workflow_run", .flags = READONLY,
      .doc = "The run that began it."),
    F("cause", INTEGER, .flags = READONLY | INDEXED,
      .doc = "The row of the journal that led to it."),
    F("state", CHOICE, .options = "waiting,retrying,failed,done,cancelled",
      .flags = REQUIRED | READONLY | INDEXED, .doc = "How it stands."),
    F("attempts", INTEGER, .flags = READONLY, .doc = "How many failed in a row."),
    F("remembered", BOOLEAN, .flags = READONLY,
      .doc = "Its workflow asks whether it ran for the record: it stays when others go."),
    F("waits_for", TEXT, .flags = READONLY, .doc = "What it waits for."),
    F("due", TIME, .flags = READONLY, .doc = "When it goes on by itself."),
    F("over", TIME, .flags = READONLY, .doc = "When it ended."),
    F("result", LONGTEXT, .flags = READONLY | PERSONAL, .doc = "What its function gave."),
    F("error", LONGTEXT, .flags = READONLY | PERSONAL, .doc = "What went wrong last, and where."),
};

#define TYPE(n, t, f, d)                                                                           \
    { .name = (n), .title = (t), .doc = (d), .fields = KITH_ARRAY(f) }
static const kith_type types[] = {
    TYPE("user", "name", user_fields, "Somebody who works with Kith."),
    TYPE("team", "name", team_fields, "Users who work together."),
    TYPE("role", "name", role_fields, "A set of rights."),
    TYPE("share", "team", share_fields, "A record is shared with a team."),
    TYPE("territory", "name", territory_fields, "A part of the market; territories form a tree."),
    TYPE("account", "name", account_fields, "An organisation, or a unit of one."),
    TYPE("contact", "name", contact_fields, "A person."),
    TYPE("household", "name", household_fields, "People who live together."),
    TYPE("profile", "occupation", profile_fields, "What is known of a person beyond the contact."),
    TYPE("relation", "kind", relation_fields, "What one party is to another one."),
    TYPE("life_event", "kind", life_event_fields, "A day in somebody's life, past or to come."),
    TYPE("tag", "name", tag_fields, "What a label on records means."),
    TYPE("stage", "state", stage_fields, "Who answers for records in a state."),
    TYPE("contact_point", "value", contact_point_fields,
         "A way to reach a contact: mail address, number, postal address, handle."),
    TYPE("purpose", "name", purpose_fields, "What personal data are used for."),
    TYPE("wording", "version", wording_fields, "A text by which consent is asked for."),
    TYPE("consent", NULL, consent_fields,
         "What a person said about a purpose: yes, or no. Each word is a record of its own."),
    TYPE("suppression", NULL, suppression_fields,
         "An address for which somebody said no, so that whoever has it later has not consented."),
    {.name = "interaction",
     .title = "subject",
     .doc = "A contact that took place or is planned.",
     .fields = KITH_ARRAY(interaction_fields),
     .indexes = KITH_ARRAY(interaction_indexes)},
    TYPE("task", "title", task_fields, "Something to be done."),
    TYPE("note", "title", note_fields, "A free text on a record."),
    TYPE("file", "name", file_fields, "A file that belongs to a record: a photo, a document."),
    TYPE("segment", "name", segment_fields,
         "Records that belong together: those that a query finds, or a list."),
    TYPE("list_member", NULL, list_member_fields, "That a record is in a list."),
    TYPE("saved_query", "name", saved_query_fields, "A query that is asked for by its name."),
    {.name = "erasure",
     .title = "record",
     .doc = "Somebody was erased, and when it was done. It is no record of whom.",
     .fields = KITH_ARRAY(erasure_fields),
     .undo = KITH_UNDO_REFUSE},
    {.name = "workflow_run",
     .title = "workflow",
     .doc = "A workflow that runs or ran, for a record or by itself.",
     .fields = KITH_ARRAY(workflow_run_fields),
     .history = KITH_HISTORY_NONE,
     .undo = KITH_UNDO_REFUSE},
    TYPE("file_part", NULL, file_part_fields, "A piece of what stands in a file."),
    TYPE("redirect", NULL, redirect_fields, "Where a record went that was merged into another."),
};

const struct schema_source schema_core = {
    .module = "core", .version = 1, .types = KITH_ARRAY(types)};
