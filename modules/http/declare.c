/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP, declared: webhooks, which tell other programs what happens, and requests to them. */
#include "http.h"

#define F(field, of, ...)                                                                          \
    { .name = (field), .kind = KITH_F_##of, __VA_ARGS__ }

static const kith_field webhook_fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED, .doc = "What it is called, for people."),
    F("url", URL, .flags = KITH_FF_REQUIRED, .doc = "Where it posts to: https, or http."),
    F("topics", TAGS, .flags = KITH_FF_REQUIRED,
      .doc = "What it tells of: contact.created, or with a star, contact.*."),
    F("condition", TEXT,
      .doc = "A condition on the record as it is then; the topics are of one type with it."),
    F("state", STATE, .options = "enabled>paused|disabled,paused>enabled|disabled,disabled>enabled",
      .flags = KITH_FF_INDEXED,
      .doc = "Paused: what happens is kept for it until it goes on. Disabled: what happens now is "
             "not."),
    F("tells", CHOICE, .options = "owner,everything", .default_text = "owner",
      .doc = "What its owner may read; or everything, which only an administrator may say."),
    F("secret_number", INTEGER, .flags = KITH_FF_READONLY, .default_text = "1",
      .doc = "How often it has had a new secret, and one."),
    F("former_until", TIME, .flags = KITH_FF_READONLY,
      .doc = "Until then it signs with the former secret, too."),
    F("note", LONGTEXT, .doc = "Whom to ask about it."),
};
static const kith_type types[] = {
    {.name = "webhook",
     .doc = "Another program that is told what happens.",
     .title = "name",
     .fields = KITH_ARRAY(webhook_fields)},
};

static const kith_setting credential_items[] = {
    {.key = "name",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "By which http.send asks for it."},
    {.key = "host",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "The only host that is shown it."},
    {.key = "header", .kind = KITH_TEXT, .default_text = "\"Authorization\"", .doc = "The header."},
    {.key = "value",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED | KITH_SF_SECRET,
     .doc = "Its value: \"Bearer ...\"."},
};
static const kith_setting settings[] = {
    {.key = "key",
     .kind = KITH_TEXT,
     .flags = KITH_SF_SECRET,
     .doc =
         "At least 32 characters that nobody knows; the secrets of all webhooks follow from it."},
    {.key = "allow",
     .kind = KITH_LIST,
     .doc = "Hosts, addresses and networks that may be sent to though they are private:"
            " \"localhost\", \"10.1.2.0/24\"."},
    {.key = "timeout",
     .kind = KITH_DURATION,
     .default_text = "15s",
     .min = 100,
     .max = 300000,
     .doc = "How long one request may take."},
    {.key = "connect_timeout",
     .kind = KITH_DURATION,
     .default_text = "5s",
     .min = 100,
     .max = 60000,
     .doc = "How long it may take to be connected."},
    {.key = "max_answer",
     .kind = KITH_INT,
     .default_text = "65536",
     .min = 0,
     .max = 1000000,
     .doc = "Bytes of an answer that are read; the rest is cut off."},
    {.key = "redirects",
     .kind = KITH_INT,
     .default_text = "0",
     .min = 0,
     .max = 10,
     .doc = "How often it follows to another address; 0 is never. A request with a credential never"
            " does."},
    {.key = "credentials",
     .kind = KITH_LIST,
     .items = KITH_ARRAY(credential_items),
     .doc =
         "What requests may show to other programs, so that it stands in no rule and no record."},
};

static const kith_permission permissions[] = {
    {"network:*", "It sends to the addresses that webhooks and requests name."},
};

static const kith_field requested_fields[] = {
    F("request", TEXT, .doc = "By which the answer names it."),
    F("method", TEXT, .doc = "GET, POST, ..."),
    F("url", TEXT, .doc = "Where to, without what stands behind a question mark."),
};
static const kith_field answered_fields[] = {
    F("request", TEXT, .doc = "As http.send gave it."),
    F("status", INTEGER, .doc = "Of HTTP; nothing when there was no answer after all tries."),
    F("body", LONGTEXT,
      .doc = "The answer, cut off at http.max_answer; nothing when it is no text."),
    F("error", TEXT, .doc = "Why there is no answer."),
};
static const kith_topic topics[] = {
    {"http.requested", 1, 0, KITH_ARRAY(requested_fields), "A request is to be sent."},
    {"http.answered", 1, 0, KITH_ARRAY(answered_fields), "A request was answered, or given up."},
};

static const kith_hook hooks[] = {
    {.name = "check",
     .type = "webhook",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = webhook_check,
     .doc = "Refuses what cannot be told, and by whom it must not be."},
};
static const char *const followed[] = {"topics", "state"};
static const kith_reaction reactions[] = {
    {.name = "begin",
     .topic = "webhook.created",
     .flags = KITH_RF_UNDO,
     .fn = webhook_follow,
     .doc = "Listens for a new webhook."},
    {.name = "change",
     .topic = "webhook.updated",
     .flags = KITH_RF_UNDO,
     .fn = webhook_follow,
     .fields = KITH_ARRAY(followed),
     .doc = "Listens for something else."},
    {.name = "end",
     .topic = "webhook.deleted",
     .flags = KITH_RF_UNDO,
     .fn = webhook_follow,
     .doc = "Listens no more."},
    {.name = "tell",
     .topic = "*",
     .flags = KITH_RF_UNDO,
     .fn = webhook_hear,
     .doc = "Has webhooks told what they listen for."},
};
static const kith_delivery deliveries[] = {
    {"webhook", webhook_deliver, "Posts an event to a webhook, signed."},
    {"send", send_deliver, "Carries out a request."},
};

static const kith_field webhook_param[] = {
    F("webhook", LINK, .options = "webhook", .flags = KITH_FF_REQUIRED, .doc = "Which one."),
};
static const kith_field secret_results[] = {
    F("secret", TEXT, .doc = "With which it signs, for the receiver."),
    F("former", TEXT, .doc = "With which it signs, too, for now; or nothing."),
    F("former_until", TIME, .doc = "Until then."),
};
static const kith_field rotate_params[] = {
    F("webhook", LINK, .options = "webhook", .flags = KITH_FF_REQUIRED, .doc = "Which one."),
    F("keep", DURATION, .default_text = "24h",
      .doc = "For so long it signs with the former secret, too."),
};
static const kith_field replay_params[] = {
    F("webhook", LINK, .options = "webhook", .flags = KITH_FF_REQUIRED, .doc = "Which one."),
    F("seq", INTEGER, .doc = "From this place in the journal on, as an event names it."),
    F("from", TIME, .doc = "Or from this time on."),
};
static const kith_field replay_results[] = {
    F("rows", INTEGER, .doc = "How many rows of the journal are looked at."),
};
static const kith_field test_results[] = {
    F("effect", TEXT, .doc = "What is sent; the outbox says what becomes of it."),
};
static const kith_field send_params[] = {
    F("url", URL, .flags = KITH_FF_REQUIRED, .doc = "Where to."),
    F("method", CHOICE, .options = "GET,POST,PUT,PATCH,DELETE,HEAD", .default_text = "POST",
      .doc = "How."),
    F("json", JSON, .doc = "The body, as JSON; or:"),
    F("text", LONGTEXT, .doc = "The body, as text."),
    F("headers", JSON, .doc = "Further headers: {\"X-Shop\": \"7\"}."),
    F("credential", TEXT, .doc = "The name of one of http.credentials."),
    F("about", LINK, .options = "*", .doc = "The record that it is about, and the answer."),
};
static const kith_field send_results[] = {
    F("request", TEXT, .doc = "By which http.answered names it."),
};
static const kith_action actions[] = {
    {.name = "secret", /* who only reads may not sign as the company does */
     .effect = KITH_EFFECT_WRITE,
     .fn = webhook_secret,
     .params = KITH_ARRAY(webhook_param),
     .results = KITH_ARRAY(secret_results),
     .doc = "Shows the secret with which a webhook signs."},
    {.name = "rotate",
     .effect = KITH_EFFECT_WRITE,
     .fn = webhook_rotate,
     .params = KITH_ARRAY(rotate_params),
     .results = KITH_ARRAY(secret_results),
     .doc = "Gives a webhook a new secret."},
    {.name = "replay",
     .effect = KITH_EFFECT_EXTERNAL,
     .fn = webhook_replay,
     .params = KITH_ARRAY(replay_params),
     .results = KITH_ARRAY(replay_results),
     .doc = "Tells a webhook once more what happened since, with the same ids."},
    {.name = "test",
     .effect = KITH_EFFECT_EXTERNAL,
     .fn = webhook_test,
     .params = KITH_ARRAY(webhook_param),
     .results = KITH_ARRAY(test_results),
     .doc = "Sends a webhook an event http.test, by which it is seen whether it is taken."},
    {.name = "send",
     .effect = KITH_EFFECT_EXTERNAL,
     .fn = send_call,
     .params = KITH_ARRAY(send_params),
     .results = KITH_ARRAY(send_results),
     .doc = "Sends a request; the answer comes as the event http.answered."},
};

static const kith_part *const parts[] = {&instance_part};

static const kith_plugin_desc desc = {
    KITH_HEAD("http", 1, "0.1.0"),
    .title = "HTTP",
    .doc = "Webhooks, which tell other programs what happens, and requests to them.",
    .vendor = "Kith",
    .license = "Apache-2.0",
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .actions = KITH_ARRAY(actions),
    .create = http_create,
    .destroy = http_destroy,
    .deliveries = KITH_ARRAY(deliveries),
    .parts = KITH_ARRAY(parts),
    .instance_size = sizeof(struct kith_instance),
};

KITH_EXPORT const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
