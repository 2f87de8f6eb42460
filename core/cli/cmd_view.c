/* SPDX-License-Identifier: Apache-2.0 */
/* kith view: all that is known of one record, on one page or as one answer in JSON. */
#include "base/text.h"
#include "cli/get.h"
#include "engine/view.h"

#include <string.h>

#define DEFAULT_LIMIT 20
#define LIMIT_MAX     200 /* every link is asked for as many records, which are all in memory */

/* -- for people -------------------------------------------------------------------------------- */

static void head(struct cmd *c, const char *text) {
    io_printf(c->io, "\n%s%s%s\n", io_style(c->io, STYLE_HEAD), text, io_style(c->io, STYLE_PLAIN));
}

/* Ends a line with a text that is cut to what is left of it. */
static void end_line(struct cmd *c, kith_str text, size_t used) {
    size_t room = c->io->columns > used + 20 ? c->io->columns - used : 200;
    io_text(c->io, text_cut(text, room));
    io_puts(c->io, text_width(text) > room ? "\xe2\x80\xa6\n" : "\n");
}

static kith_str with_team(struct cmd *c, const struct view_state *s, const char *text) {
    kith_str team = show_value(c, &s->team);
    return str_of(
        team.len ? arena_printf(&c->arena, "%s; %.*s answers for it", text, (int)team.len, team.ptr)
                 : text);
}

static kith_str state_since(struct cmd *c, const struct view *v, const struct rfield *f,
                            kith_str shown) {
    const struct view_state *s = v->states.items;
    for (size_t i = 0; i < v->states.count; i++)
        if (s[i].field == f && s[i].since)
            return with_team(c, &s[i],
                             arena_printf(&c->arena, "%.*s, since %.*s", (int)shown.len, shown.ptr,
                                          10, show_time(c, s[i].since).ptr));
    return shown;
}

static void print_fields(struct cmd *c, const struct view *v) {
    size_t width = widest_name(v->type);
    for (uint32_t i = 0; i < v->type->field_count; i++) {
        uint32_t at = (i + FIELD_FIRST) % v->type->field_count;
        const struct rfield *f = v->type->fields[at];
        if (v->values[at].kind != KITH_NULL && !field_derived(f))
            page_field(c, f->name, state_since(c, v, f, show_value(c, &v->values[at])), width);
    }
}

static bool has_facts(const struct view *v) {
    for (uint32_t i = 0; i < v->type->field_count; i++)
        if (field_derived(v->type->fields[i]) && v->values[i].kind != KITH_NULL)
            return true;
    return false;
}

static void print_facts(struct cmd *c, const struct view *v) {
    if (!has_facts(v))
        return;
    head(c, "Facts");
    for (uint32_t i = 0; i < v->type->field_count; i++)
        if (field_derived(v->type->fields[i]) && v->values[i].kind != KITH_NULL)
            page_field(c, v->type->fields[i]->name, show_value(c, &v->values[i]),
                       widest_name(v->type));
}

static kith_str field_of(struct cmd *c, const struct view_record *r, const char *name) {
    const struct rfield *f = type_field(r->type->schema, r->type, str_of(name));
    return f ? show_value(c, &r->values[f->index]) : (kith_str){0};
}

static void print_points(struct cmd *c, const struct view *v) {
    const struct view_record *r = v->points.items;
    if (v->points.count)
        head(c, "Contact points");
    for (size_t i = 0; i < v->points.count; i++) {
        kith_str kind = field_of(c, &r[i], "kind"), label = field_of(c, &r[i], "label");
        kith_str verified = field_of(c, &r[i], "verified");
        io_printf(c->io, "  %-8.*s ", (int)kind.len, kind.ptr);
        io_text(c->io, field_of(c, &r[i], "value"));
        if (label.len) {
            io_puts(c->io, " (");
            io_text(c->io, label);
            io_puts(c->io, ")");
        }
        if (str_eqz(field_of(c, &r[i], "primary"), "true"))
            io_puts(c->io, ", primary");
        if (verified.len)
            io_printf(c->io, ", verified %.*s", 10, verified.ptr);
        io_puts(c->io, "\n");
    }
}

/* Those of which the catalogue tells more than the name. */
static void print_tags(struct cmd *c, const struct view *v) {
    const struct view_tag *t = v->tags.items;
    bool any = false;
    for (size_t i = 0; i < v->tags.count; i++) {
        if (!t[i].description.len && !t[i].category.len)
            continue;
        if (!any)
            head(c, "Tags");
        any = true;
        io_puts(c->io, "  ");
        io_text(c->io, t[i].name);
        io_puts(c->io, t[i].category.len ? " (" : "");
        io_text(c->io, t[i].category);
        io_puts(c->io, t[i].category.len ? "): " : ": ");
        io_text(c->io, t[i].description);
        io_puts(c->io, "\n");
    }
}

static void print_segments(struct cmd *c, const struct view *v) {
    const struct view_segment *s = v->segments.items;
    if (v->segments.count)
        head(c, "Segments");
    for (size_t i = 0; i < v->segments.count; i++) {
        io_puts(c->io, i ? ", " : "  ");
        io_text(c->io, title_of(c, s[i].record.type, s[i].record.values));
        io_puts(c->io, s[i].settling ? " (being worked out)" : "");
    }
    io_puts(c->io, v->segments.count ? "\n" : "");
}

static void print_title(struct cmd *c, const struct view_record *r, size_t used) {
    end_line(c, title_or_none(c, r->type, r->values), used);
}

static void print_people(struct cmd *c, const struct view *v) {
    const struct view_record *r = v->people.items;
    if (v->people.count)
        head(c, "People");
    for (size_t i = 0; i < v->people.count; i++) {
        static const char *const fields[] = {"title", "email", "phone"};
        io_printf(c->io, "  %s  ", show_id(c, r[i].id));
        io_text(c->io, title_of(c, r[i].type, r[i].values));
        for (size_t k = 0; k < 3; k++) {
            kith_str text = field_of(c, &r[i], fields[k]);
            io_puts(c->io, text.len ? ", " : "");
            io_text(c->io, text);
        }
        io_puts(c->io, "\n");
    }
}

static void print_open(struct cmd *c, const struct view *v) {
    const struct view_open *o = v->open.items;
    if (v->open.count)
        head(c, "Open");
    for (size_t i = 0; i < v->open.count; i++) {
        kith_str state = show_value(c, &o[i].record.values[o[i].state->index]);
        kith_str due = o[i].due ? show_value(c, o[i].due) : (kith_str){0};
        io_printf(c->io, "  %-12s %s  %-12.*s %s%-17.*s%s  ", o[i].record.type->name,
                  show_id(c, o[i].record.id), (int)state.len, state.ptr,
                  o[i].overdue ? io_style(c->io, STYLE_BAD) : "",
                  (int)(due.len < 16 ? due.len : 16), due.len ? due.ptr : "",
                  o[i].overdue ? io_style(c->io, STYLE_PLAIN) : "");
        if (o[i].overdue)
            io_puts(c->io, "overdue  ");
        print_title(c, &o[i].record, 66);
    }
}

static void print_parts(struct cmd *c, const struct view *v) {
    const struct view_part *p = v->parts.items;
    if (v->parts.count)
        head(c, "What links to it");
    for (size_t i = 0; i < v->parts.count; i++) {
        io_printf(c->io, "  %-12s %-12s %8lld", p[i].via->type->name, p[i].via->name,
                  (long long)p[i].count);
        for (size_t k = 0; k < p[i].sum_count; k++) {
            kith_str sum = show_value(c, &p[i].sums[k].total);
            io_printf(c->io, "  %s %.*s", p[i].sums[k].field->name, (int)sum.len, sum.ptr);
        }
        io_puts(c->io, "\n");
    }
}

static void print_who(struct cmd *c, const struct view_item *item) {
    io_puts(c->io, io_style(c->io, STYLE_DIM));
    if (item->source.kind)
        io_text(c->io, show_source(c, &item->source));
    else
        io_text(c->io, str_of(item->actor.name));
    if (item->run)
        io_printf(c->io, ", run %s", show_id(c, item->run));
    io_printf(c->io, "%s  ", io_style(c->io, STYLE_PLAIN));
}

static void print_own(struct cmd *c, const struct view *v, const struct view_item *item) {
    kith_str after = show_value(c, &item->after);
    if (item->topic) {
        char *text =
            arena_printf(&c->arena, "%s%s%.*s", item->topic, item->segment.len ? " " : "",
                         (int)item->segment.len, item->segment.ptr ? item->segment.ptr : "");
        end_line(c, str_of(text ? text : item->topic), 60);
    } else if (item->state)
        io_printf(c->io, "%s is %.*s\n", item->state->name, (int)after.len, after.ptr);
    else
        io_printf(c->io, "the %s was made\n", v->type->name);
}

/* What tells a record from its like: its state, or else its first choice. */
static kith_str sort_of(struct cmd *c, const struct view_record *r) {
    const struct rfield *f = view_state_field(r->type);
    for (uint32_t i = FIELD_FIRST; !f && i < r->type->field_count; i++)
        if (r->type->fields[i]->kind == KITH_F_STATE || r->type->fields[i]->kind == KITH_F_CHOICE)
            f = r->type->fields[i];
    return f ? show_value(c, &r->values[f->index]) : (kith_str){0};
}

static void print_timeline(struct cmd *c, const struct view *v) {
    const struct view_item *items = v->items.items;
    if (v->items.count)
        head(c, "Timeline");
    for (size_t i = 0; i < v->items.count; i++) {
        const struct view_item *item = &items[i];
        io_printf(c->io, "  %.*s  ", 16, show_time(c, item->at).ptr);
        if (!item->record.type) {
            io_printf(c->io, "%-12s %-13s  %-10s  ", item->topic ? "event" : v->type->name, "", "");
            print_who(c, item);
            print_own(c, v, item);
            continue;
        }
        kith_str sort = sort_of(c, &item->record);
        io_printf(c->io, "%-12s %s  %-10.*s  ", item->record.type->name,
                  show_id(c, item->record.id), (int)sort.len, sort.ptr ? sort.ptr : "");
        print_who(c, item);
        if (item->when == VIEW_POTENTIAL)
            io_puts(c->io, "(planned) ");
        print_title(c, &item->record, 70);
    }
}

static void print_view(struct cmd *c, const struct view *v, bool first) {
    page_head(c, v->type, v->id, v->values);
    if (first) {
        print_fields(c, v);
        print_facts(c, v);
        print_points(c, v);
        print_people(c, v);
        print_tags(c, v);
        print_segments(c, v);
        print_open(c, v);
        print_parts(c, v);
    }
    print_timeline(c, v);
    if (v->cursor.len)
        io_say(c->io, "there is more: --after %.*s shows it", (int)v->cursor.len, v->cursor.ptr);
}

/* -- for programs ------------------------------------------------------------------------------ */

static void json_text(struct json_out *j, const char *key, kith_str s) {
    json_key(j, key);
    if (s.len)
        json_str(j, s);
    else
        json_nil(j);
}

static void json_list(struct json_out *j, const char *key) {
    json_key(j, key);
    json_array_(j);
}

/* {"type":"task","id":"...","title":"Call","via":"about"}, without its end */
static void json_brief(struct cmd *c, struct json_out *j, const struct view_record *r) {
    json_object_(j);
    json_key(j, "type");
    json_strz(j, r->type->name);
    json_key(j, "id");
    json_id(j, r->id);
    json_text(j, "title", title_of(c, r->type, r->values));
    json_key(j, "via");
    json_strz(j, r->via->name);
    json_key(j, "of");
    json_id(j, r->of);
}

static void json_links(struct cmd *c, struct json_out *j, const struct view *v) {
    json_key(j, "links");
    json_object_(j);
    for (uint32_t i = 0; i < v->type->field_count; i++) {
        const kith_value *link = &v->values[i];
        const struct rtype *t =
            link->kind == KITH_LINK ? schema_type_by_id(cmd_schema(c), link->as.link.type) : NULL;
        if (!t)
            continue;
        json_key(j, v->type->fields[i]->name);
        json_object_(j);
        json_key(j, "type");
        json_strz(j, t->name);
        json_key(j, "id");
        json_id(j, link->as.link.id);
        json_text(j, "title", show_title(c, t, link->as.link.id));
        json_object_end(j);
    }
    json_object_end(j);
}

static void json_tags(struct json_out *j, const struct view *v) {
    const struct view_tag *t = v->tags.items;
    json_list(j, "tags");
    for (size_t i = 0; i < v->tags.count; i++) {
        json_object_(j);
        json_text(j, "tag", t[i].name);
        json_text(j, "category", t[i].category);
        json_text(j, "description", t[i].description);
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_segments(struct cmd *c, struct json_out *j, const struct view *v) {
    const struct view_segment *s = v->segments.items;
    json_list(j, "segments");
    for (size_t i = 0; i < v->segments.count; i++)
        json_str(j, title_of(c, s[i].record.type, s[i].record.values));
    json_array_end(j);
    json_list(j, "settling"); /* those of them that are being worked out */
    for (size_t i = 0; i < v->segments.count; i++)
        if (s[i].settling)
            json_str(j, title_of(c, s[i].record.type, s[i].record.values));
    json_array_end(j);
}

static void json_states(struct cmd *c, struct json_out *j, const struct view *v) {
    const struct view_state *s = v->states.items;
    json_key(j, "states");
    json_object_(j);
    for (size_t i = 0; i < v->states.count; i++) {
        json_key(j, s[i].field->name);
        json_object_(j);
        json_key(j, "state");
        json_str(j, v->values[s[i].field->index].as.s);
        json_key(j, "since");
        if (s[i].since)
            json_time(j, s[i].since);
        else
            json_nil(j);
        json_key(j, "team");
        value_json(cmd_schema(c), &s[i].team, j);
        json_object_end(j);
    }
    json_object_end(j);
}

static void json_facts(struct cmd *c, struct json_out *j, const struct view *v) {
    json_key(j, "facts");
    json_object_(j);
    for (uint32_t i = 0; i < v->type->field_count; i++)
        if (field_derived(v->type->fields[i])) {
            json_key(j, v->type->fields[i]->name);
            value_json(cmd_schema(c), &v->values[i], j);
        }
    json_object_end(j);
}

static void json_records(struct cmd *c, struct json_out *j, const char *key,
                         const struct view_list *l) {
    const struct view_record *r = l->items;
    json_list(j, key);
    for (size_t i = 0; i < l->count; i++)
        json_record(c, j, r[i].type, r[i].id, r[i].values);
    json_array_end(j);
}

static void json_open(struct cmd *c, struct json_out *j, const struct view *v) {
    const struct view_open *o = v->open.items;
    json_list(j, "open");
    for (size_t i = 0; i < v->open.count; i++) {
        json_brief(c, j, &o[i].record);
        json_key(j, "state");
        json_str(j, o[i].record.values[o[i].state->index].as.s);
        json_key(j, "due");
        if (o[i].due)
            value_json(cmd_schema(c), o[i].due, j);
        else
            json_nil(j);
        json_key(j, "overdue");
        json_bool_(j, o[i].overdue);
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_sums(struct cmd *c, struct json_out *j, const struct view_part *p) {
    json_key(j, "sums");
    if (!p->summed) {
        json_nil(j);
        return;
    }
    json_array_(j);
    for (size_t k = 0; k < p->sum_count; k++) {
        json_object_(j);
        json_key(j, "field");
        json_strz(j, p->sums[k].field->name);
        json_key(j, "total");
        value_json(cmd_schema(c), &p->sums[k].total, j);
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_parts(struct cmd *c, struct json_out *j, const struct view *v) {
    const struct view_part *p = v->parts.items;
    json_list(j, "linked");
    for (size_t i = 0; i < v->parts.count; i++) {
        json_object_(j);
        json_key(j, "type");
        json_strz(j, p[i].via->type->name);
        json_key(j, "via");
        json_strz(j, p[i].via->name);
        json_key(j, "count");
        json_int(j, p[i].count);
        json_key(j, "newest");
        json_id(j, p[i].newest->id);
        json_sums(c, j, &p[i]);
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_own(struct cmd *c, struct json_out *j, const struct view *v,
                     const struct view_item *item) {
    json_object_(j);
    json_key(j, "type");
    json_strz(j, v->type->name);
    json_key(j, "id");
    json_id(j, v->id);
    json_key(j, "event");
    json_strz(j, item->topic ? item->topic : item->state ? "state" : "created");
    if (item->segment.len)
        json_text(j, "segment", item->segment);
    if (item->state) {
        json_key(j, "field");
        json_strz(j, item->state->name);
        json_key(j, "before");
        value_json(cmd_schema(c), &item->before, j);
        json_key(j, "after");
        value_json(cmd_schema(c), &item->after, j);
    }
}

static void json_sort(struct cmd *c, struct json_out *j, const struct view_record *r) {
    const struct rfield *state = view_state_field(r->type);
    json_text(j, "state", state ? show_value(c, &r->values[state->index]) : (kith_str){0});
    json_text(j, "kind", state ? (kith_str){0} : sort_of(c, r));
}

static void json_item(struct cmd *c, struct json_out *j, const struct view *v,
                      const struct view_item *item) {
    if (item->record.type) {
        json_brief(c, j, &item->record);
        json_sort(c, j, &item->record);
    } else {
        json_own(c, j, v, item);
    }
    json_key(j, "at");
    json_time(j, item->at);
    json_key(j, "when");
    json_strz(j, view_when_name(item->when));
    json_text(j, "who", str_of(item->actor.name));
    json_key(j, "by");
    json_source(j, &item->source);
    json_key(j, "run");
    json_id(j, item->run);
    json_object_end(j);
}

static void json_timeline(struct cmd *c, struct json_out *j, const struct view *v) {
    const struct view_item *items = v->items.items;
    json_list(j, "timeline");
    for (size_t i = 0; i < v->items.count; i++)
        json_item(c, j, v, &items[i]);
    json_array_end(j);
    json_text(j, "after", v->cursor);
}

static void json_view(struct cmd *c, const struct view *v, bool first) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "record");
    json_record(c, &j, v->type, v->id, v->values);
    json_text(&j, "title", title_of(c, v->type, v->values));
    if (first) {
        json_links(c, &j, v);
        json_states(c, &j, v);
        json_facts(c, &j, v);
        json_records(c, &j, "contact_points", &v->points);
        json_records(c, &j, "people", &v->people);
        json_tags(&j, v);
        json_segments(c, &j, v);
        json_open(c, &j, v);
        json_parts(c, &j, v);
    }
    json_timeline(c, &j, v);
    json_merged(c, &j);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct view_options o = {.after = str_of(cmd_option(c, "after"))};
    struct view v;
    const struct rtype *t;
    kith_value *values;
    kith_id id;
    TRY(arg_record(c, 0, &t, &id, e));
    TRY(cmd_option_int(c, "limit", 1, LIMIT_MAX, DEFAULT_LIMIT, &o.limit, e));
    TRY(show_read(c, t, &id, &values, e));
    TRY(engine_view(c->company->engine, &c->principal, t, id, &o, &c->arena, &v, e));
    TRY(io_check(c->io, e));
    if (c->json)
        json_view(c, &v, o.after.len == 0);
    else
        print_view(c, &v, o.after.len == 0);
    return KITH_OK;
}

const struct command command_view = {
    .name = "view",
    .args = "TYPE ID",
    .help = "all that is known of a record on one page, with its timeline",
    .more =
        "  kith view contact 0SA818NN40003\n"
        "  kith view account 0SA818M2M0000 --limit 50 --json\n\n"
        "What it is and since when, derived facts, how it is reached, what is open or overdue,\n"
        "what links to it with sums of money, and what happened, newest first, over all\n"
        "modules. An account's page has the timeline of its newest 20 contacts, too.",
    .options = {{"limit", "N", "so many items of the timeline, 200 at most; else 20"},
                {"after", "CURSOR", "only the timeline, from where an earlier answer ended"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 2,
    .args_max = 2,
    .run = run,
};
