/* SPDX-License-Identifier: Apache-2.0 */
/* Suspension: a file with a rule that does nothing but fail is not called any more, until it is
 * changed or resumed. Its events and times wait; a write in which it has a say is refused, as it
 * was when the rule failed: nobody switches a check off by making it fail. See decision 0012. */
#include "script/script_internal.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* -- telling ----------------------------------------------------------------------------------- */

/* So that a rule of another file can make a task of it. */
static const kith_field told_fields[] = {
    {.name = "file", .kind = KITH_F_TEXT, .doc = "The file, as \"rules/score.lua\"."},
    {.name = "rule", .kind = KITH_F_TEXT, .doc = "Its rule that kept failing."},
    {.name = "reason", .kind = KITH_F_TEXT, .doc = "What went wrong last."},
};
const kith_topic scripts_topic = {.name = "rule.suspended",
                                  .schema = 1,
                                  .fields = KITH_ARRAY(told_fields),
                                  .doc = "A file of rules is not called any more."};

kith_status suspend_open(struct engine *g, kith_error *e) {
    return engine_add_topic(g, "kith", &scripts_topic, e);
}

static kith_status publish(struct txn *t, void *json, kith_error *e) {
    return txn_publish(t, scripts_topic.name, NULL, 0, buf_view(json), e);
}

static void published(void *json, kith_status st, kith_id tx, const kith_error *e) {
    (void)tx;
    if (st != KITH_OK)
        log_warn("script", "%s is not published: %s", scripts_topic.name, e->message);
    buf_free(json);
    free(json);
}

/* In a transaction of its own: the one that runs is about to be taken back. */
static void tell(const struct rule *r, const kith_error *why) {
    static const struct principal kith = {.name = "kith", .all = true};
    static const struct write_opts opts = {.principal = &kith, .origin = ORIGIN_SYSTEM};
    struct buf *json = calloc(1, sizeof *json);
    struct json_out j;
    kith_error e = KITH_ERROR_INIT;
    if (!json)
        return;
    json_begin(&j, json, false);
    json_object_(&j);
    json_key(&j, "file");
    json_strz(&j, r->script->file);
    json_key(&j, "rule");
    json_strz(&j, r->info.name);
    json_key(&j, "reason");
    json_strz(&j, why->message);
    json_object_end(&j);
    kith_status st = engine_post(r->script->all->engine, &opts, publish, json, published, &e);
    if (st != KITH_OK)
        published(json, st, 0, &e);
}

/* -- counting ---------------------------------------------------------------------------------- */

bool is_nobodys(kith_status st) {
    return st == KITH_E_IO || st == KITH_E_FULL || st == KITH_E_CORRUPT || st == KITH_E_NOMEM ||
           st == KITH_E_THREAD || st == KITH_E_BUSY;
}

/* Is this the rule's own fault? Not that of the disk, not that of another rule that it set off,
 * which has been blamed, and not that of one around it in its file, which shares its budget. */
static bool is_to_blame(const struct rule *r, const struct frame *f, uint64_t blamed,
                        kith_status st) {
    return !is_nobodys(st) && r->script->all->blamed == blamed && !(f->stopped && f->outer);
}

void suspend_now(const struct rule *r, struct txn *t, const char *what, const kith_error *why) {
    const char *file = r->script->file;
    char place[ERR_PLACE];
    if (txn_rehearsing(t) || txn_paused(t, file))
        return;
    engine_pause(t, file, why->message);
    if (!txn_paused(t, file)) /* an earlier version of a file that is off now */
        return;
    log_write(engine_log_level(r->script->all->engine, LOG_ERROR), "script",
              "%s is suspended: its rule '%s' %s: %s; 'kith rule list' tells why;"
              " " SUSPENDED_REMEDY,
              file, r->info.name, what, err_place(why, place), script_name(file));
    tell(r, why);
}

static void suspend(struct rule *r, struct txn *t, const kith_error *e) {
    char what[64];
    snprintf(what, sizeof what, "failed %lld times in a row, last", (long long)r->streak);
    r->streak = 0;
    suspend_now(r, t, what, e);
}

void suspend_after(struct rule *r, const struct frame *f, uint64_t blamed, kith_status st,
                   const kith_error *e) {
    struct scripts *all = r->script->all;
    if (txn_rehearsing(f->txn))
        return;
    if (st == KITH_OK || st == KITH_E_REFUSED) {
        r->streak = 0;
        return;
    }
    if (!is_to_blame(r, f, blamed, st) || txn_paused(f->txn, r->script->file))
        return;
    all->blamed++;
    if (r->streak == 0 || txn_now(f->txn) - r->streak_since > all->options.within_ms) {
        r->streak = 0;
        r->streak_since = txn_now(f->txn);
    }
    if (++r->streak >= all->options.failures)
        suspend(r, f->txn, e);
}

kith_status suspended_refuse(const struct rule *r, kith_error *e) {
    const char *file = r->script->file;
    return err_set(e, KITH_E_REFUSED, NULL,
                   "%s is suspended ('kith rule list' tells why), and its rule '%s' has a say in "
                   "this: " SUSPENDED_REMEDY,
                   file, r->info.name, script_name(file));
}

kith_status scripts_resume(struct scripts *s, const char *file, kith_error *e) {
    char path[300];
    snprintf(path, sizeof path, "%s%s", strchr(file, '/') ? "" : "rules/", file);
    return engine_resume(s->engine, path, e);
}
