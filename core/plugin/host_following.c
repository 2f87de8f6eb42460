/* SPDX-License-Identifier: Apache-2.0 */
/* kith.following/1: what happens, for people and programs outside. */
#include "engine/happened.h"
#include "plugin/internal.h"

struct kith_follower {
    struct plugin *plugin;
    struct follower *follower;
};

static struct plugin *plugin_of(const kith_host *host) {
    return ((const struct plugin_host *)(const void *)host)->plugin;
}

static kith_status following_follow(kith_caller *c, const kith_following *given,
                                    kith_follower **out, kith_error *e) {
    kith_following what = {0};
    *out = NULL;
    TRY(serving_begin(c->plugin, e));
    kith_follower *f = calloc(1, sizeof *f);
    kith_status st = f ? host_take(&what, sizeof what, given, sizeof what, e) : err_nomem(e);
    const struct following asked = {
        .of = c->of,
        .token = c->token,
        .surface = c->principal.surface,
        .asked = c->principal.asked,
        .topics = what.topics,
        .topic_count = what.topic_count,
        .where = what.where,
    };
    if (st == KITH_OK)
        st = follower_open(c->engine, &asked, &f->follower, e);
    if (st == KITH_OK) {
        f->plugin = c->plugin;
        *out = f;
    } else {
        free(f);
    }
    return serving_end(c->plugin, st);
}

static void following_unfollow(kith_follower *f) {
    if (!f)
        return;
    follower_close(f->follower);
    free(f);
}

static kith_status following_still(kith_follower *f, kith_error *e) {
    TRY(serving_begin(f->plugin, e));
    return serving_end(f->plugin, follower_still(f->follower, e));
}

static kith_status following_await(const kith_host *host, uint64_t after, uint32_t ms,
                                   uint64_t *durable, kith_error *e) {
    struct plugin *p = plugin_of(host);
    TRY(serving_begin(p, e));
    engine_await(p->set->engine, after, ms, &p->nudged, durable);
    return serving_end(p, KITH_OK);
}

static void following_nudge(const kith_host *host) {
    struct plugin *p = plugin_of(host);
    if (serving_begin(p, NULL) != KITH_OK)
        return;
    engine_nudge(p->set->engine, &p->nudged);
    (void)serving_end(p, KITH_OK);
}

/* A batch is the engine's own; modules know its address alone. */
static kith_status following_happened(const kith_host *host, uint64_t after, uint32_t rows,
                                      kith_batch **out, uint64_t *upto, kith_error *e) {
    struct plugin *p = plugin_of(host);
    struct happened *h = NULL;
    TRY(serving_begin(p, e));
    kith_status st = happened_read(p->set->engine, after, rows, &h, upto, e);
    *out = (kith_batch *)(void *)h;
    return serving_end(p, st);
}

static void following_forget(kith_batch *batch) {
    happened_free((struct happened *)(void *)batch);
}

struct passing {
    kith_told_fn fn;
    void *arg;
};

static kith_status pass(void *arg, const struct told *t, kith_error *e) {
    const struct passing *p = arg;
    const kith_told told = {
        .struct_size = sizeof told,
        .part = t->part,
        .seq = t->seq,
        .more = t->more,
        .topic = str_of(t->topic),
        .json = t->json,
    };
    return p->fn(p->arg, &told, e);
}

static kith_status following_tell(kith_batch *batch, kith_follower *f, uint64_t after,
                                  uint32_t part, kith_told_fn fn, void *arg, kith_error *e) {
    struct passing p = {fn, arg};
    TRY(serving_begin(f->plugin, e));
    return serving_end(f->plugin, happened_tell((struct happened *)(void *)batch, f->follower,
                                                after, part, pass, &p, e));
}

const kith_following_v1 host_following = {
    .struct_size = sizeof host_following,
    .follow = following_follow,
    .unfollow = following_unfollow,
    .still = following_still,
    .await = following_await,
    .nudge = following_nudge,
    .happened = following_happened,
    .forget = following_forget,
    .tell = following_tell,
};
