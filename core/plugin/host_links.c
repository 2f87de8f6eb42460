/* SPDX-License-Identifier: Apache-2.0 */
/* kith.links/1: modules make links by which somebody without an account does one thing, and serve
 * them. */
#include "engine/pass.h"
#include "plugin/internal.h"

static struct plugin *plugin_of(const kith_host *host) {
    return ((const struct plugin_host *)(const void *)host)->plugin;
}

/* -- made -------------------------------------------------------------------------------------- */

static kith_status may_call(const struct plugin *p, kith_str action, struct arena *a,
                            kith_error *e) {
    const size_t len = strlen(p->name);
    if (str_starts(action, p->name) && action.len > len && action.ptr[len] == '.')
        return KITH_OK;
    const char *name = arena_strndup(a, action.ptr ? action.ptr : "", (size_t)action.len);
    return name ? grant_call(p, name, e) : err_nomem(e);
}

static kith_status links_grant(kith_txn *txn, const kith_link_wish *given, kith_link_made *made,
                               kith_error *e) {
    struct frame *f;
    kith_link_wish w = {0};
    struct pass_made out;
    TRY(frame_writing(txn, &f, e));
    TRY(host_take(&w, sizeof w, given, sizeof w, e));
    TRY(host_values(w.count, w.values, e));
    TRY(may_call(f->plugin, w.action, &f->arena, e));
    if (w.show.len)
        TRY(may_call(f->plugin, w.show, &f->arena, e));
    const struct pass_wish wish = {.action = w.action,
                                   .show = w.show,
                                   .ask = w.ask,
                                   .names = w.names,
                                   .values = w.values,
                                   .count = w.count,
                                   .expires = w.expires,
                                   .most = w.uses};
    TRY(pass_grant(f->txn, &wish, &out, e));
    kith_link_made full = {.number = out.number,
                           .expires = out.expires,
                           .address = arena_str(&f->arena, str_of(out.address))};
    return full.address.ptr ? host_fill(made, &full, sizeof full, e) : err_nomem(e);
}

static kith_status links_revoke(kith_txn *txn, kith_str action, kith_id about, kith_error *e) {
    struct frame *f;
    TRY(frame_writing(txn, &f, e));
    TRY(may_call(f->plugin, action, &f->arena, e));
    return txn_pass_revoke_about(f->txn, action, about, e);
}

static kith_status links_came(const kith_txn *txn, kith_link_came *came, kith_error *e) {
    struct frame *f = frame_of(txn, e);
    if (!f)
        return KITH_E_THREAD;
    const struct principal *who = f->txn ? txn_caller(f->txn) : f->principal;
    const struct pass_came *by = who ? who->pass : NULL;
    kith_link_came full = {.number = by ? by->number : 0, .from = str_of(by ? by->from : "")};
    return host_fill(came, &full, sizeof full, e);
}

/* -- served ------------------------------------------------------------------------------------ */

static kith_status hand_out(struct pass_page *page, kith_status st, kith_link_page_fn fn, void *arg,
                            kith_error *e) {
    const kith_link_page out = {.struct_size = sizeof out,
                                .json = buf_view(&page->json),
                                .name = page->name,
                                .media_type = page->media_type,
                                .bytes = page->bytes};
    if (st == KITH_OK)
        st = fn(arg, &out, e);
    pass_page_free(page);
    return st;
}

static kith_status links_look(const kith_host *host, kith_str secret, kith_str from,
                              kith_link_page_fn fn, void *arg, kith_error *e) {
    struct plugin *p = plugin_of(host);
    struct pass_page page = {0};
    TRY(serving_begin(p, e));
    kith_status st = pass_look(p->set->engine, secret, from, &page, e);
    return serving_end(p, hand_out(&page, st, fn, arg, e));
}

static kith_status links_use(const kith_host *host, kith_str secret, kith_str from, kith_str form,
                             kith_str fields, kith_link_page_fn fn, void *arg, kith_error *e) {
    struct plugin *p = plugin_of(host);
    struct pass_page page = {0};
    TRY(serving_begin(p, e));
    kith_status st = pass_use(p->set->engine, secret, from, form, fields, &page, e);
    return serving_end(p, hand_out(&page, st, fn, arg, e));
}

const kith_links_v1 host_links = {
    .struct_size = sizeof host_links,
    .grant = links_grant,
    .came = links_came,
    .revoke = links_revoke,
};
const kith_link_pages_v1 host_link_pages = {
    .struct_size = sizeof host_link_pages,
    .look = links_look,
    .use = links_use,
};
