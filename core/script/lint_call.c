/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the words that rules find: their arguments, and what they give. */
#include "script/lint.h"

#include "base/template.h"

#include <string.h>

#define RECORD_OF(t) ((struct type){.kind = T_RECORD, .record = (t)})

static bool is_literal(const struct called *c, int at) {
    return at < c->count && c->types[at].kind == T_TEXT && c->types[at].literal;
}

static const char *name_at(const void *arg, size_t i) {
    return ((const char *const *)arg)[i];
}

/* -- tables of fields, parameters and arguments ------------------------------------------------ */

/* The table that is written out as an argument; NULL: something else, or nothing. */
static const struct node *table_at(const struct called *c, int at) {
    return at < c->count && c->args[at]->kind == NODE_TABLE ? c->args[at] : NULL;
}

/* The name of an item; false: it is worked out. */
static bool item_name(const struct node *item, kith_str *name) {
    bool named = item->a && item->a->kind == NODE_STRING;
    *name = named ? item->a->text : STR("");
    return named;
}

static void take_fields(struct lint *l, const struct called *c, int at, const struct rtype *t,
                        bool is_new) {
    const struct node *table = table_at(c, at);
    bool known = table != NULL;
    for (const struct node *i = table ? table->a : NULL; i; i = i->next) {
        const struct rfield *f;
        const struct type *value = i->note;
        kith_error e = KITH_ERROR_INIT;
        kith_str name;
        known &= item_name(i, &name);
        if (!i->a)
            lint_say(l, i->line, FAULT, "a field of %s is named by a text: write {name = value}",
                     t->name);
        if (!name.len || !value)
            continue;
        if (schema_find_field(l->schema, t, name, &f, &e) != KITH_OK) {
            lint_error(l, i->line, FAULT, &e);
            continue;
        }
        lint_value(l, i->line, f, true, is_new, value, i->b);
        bool state = f->kind == KITH_F_STATE && value->kind == T_TEXT && value->literal;
        if (!is_new)
            deed_add(l, DEED_UPDATE, c->node->line, t, f, NULL,
                     state ? field_option(f, value->text) : -1);
    }
    if (is_new || !known)
        deed_add(l, is_new ? DEED_CREATE : DEED_UPDATE, c->node->line, t, NULL, NULL, -1);
}

static bool has_item(const struct node *table, const char *name) {
    kith_str found;
    for (const struct node *i = table->a; i; i = i->next)
        if (item_name(i, &found) && str_eqz(found, name))
            return true;
    return false;
}

/* Are all names of its items written out? */
static bool is_plain(const struct node *table) {
    kith_str name;
    for (const struct node *i = table->a; i; i = i->next)
        if (!item_name(i, &name))
            return false;
    return true;
}

static void take_params(struct lint *l, const struct called *c, const struct query *q) {
    const char *const *names;
    uint32_t count = query_params(q, &names);
    const struct node *table = table_at(c, 1);
    bool none = c->count < 2 && !c->open;
    for (uint32_t i = 0; i < count; i++) {
        bool missing = none || (table && is_plain(table) && !has_item(table, names[i]));
        if (missing)
            lint_say(l, c->node->line, FAULT,
                     "the query's :%s is not given: write {%s = ...} as the second argument",
                     names[i], names[i]);
    }
    for (const struct node *i = table ? table->a : NULL; i; i = i->next) {
        kith_str name;
        uint32_t k = 0;
        if (!item_name(i, &name))
            continue;
        while (k < count && !str_eqz(name, names[k]))
            k++;
        const char *near = str_nearest(name, name_at, names, count);
        if (k == count)
            lint_say(l, i->line, FAULT, "the query has no :%.*s%s%s%s", (int)name.len, name.ptr,
                     STR_MEANT(near));
    }
}

static const char *param_name(const void *self, size_t i) {
    return ((const struct action *)self)->params[i]->name;
}

static void take_argument(struct lint *l, const struct action *a, const struct node *item) {
    kith_str name;
    uint32_t i = 0;
    if (!item_name(item, &name))
        return;
    while (i < a->param_count && !str_eqz(name, a->params[i]->name))
        i++;
    if (i == a->param_count) {
        const char *near = str_nearest(name, param_name, a, a->param_count);
        lint_say(l, item->line, FAULT, "%s has no parameter '%.*s'%s%s%s", a->name, (int)name.len,
                 name.ptr, STR_MEANT(near));
        return;
    }
    if (item->note)
        lint_value(l, item->line, a->params[i], false, false, item->note, item->b);
}

static struct type call_action(struct lint *l, const struct called *c, const struct action *a) {
    const struct node *table = table_at(c, 0);
    bool none = c->count == 0 && !c->open;
    for (const struct node *i = table ? table->a : NULL; i; i = i->next)
        take_argument(l, a, i);
    for (uint32_t i = 0; i < a->param_count; i++) {
        const struct rfield *p = a->params[i];
        bool needed = (p->flags & KITH_FF_REQUIRED) && !p->default_text;
        if (needed && (none || (table && is_plain(table) && !has_item(table, p->name))))
            lint_say(l, c->node->line, FAULT, "%s needs %s: %s", a->name, p->name,
                     p->doc && *p->doc ? p->doc : field_kind_name(p->kind));
    }
    lint_need_name(l, c->node->line, "call", a->name);
    deed_add(l, DEED_CALL, c->node->line, NULL, NULL, a->name, -1);
    l->left |= l->function != NULL;
    return (struct type){.kind = T_RESULTS, .action = a};
}

/* -- records ----------------------------------------------------------------------------------- */

static const struct rtype *type_at(struct lint *l, const struct called *c, int at) {
    const struct rtype *t = NULL;
    kith_error e = KITH_ERROR_INIT;
    if (is_literal(c, at) && schema_find_type(l->schema, c->types[at].text, &t, &e) != KITH_OK)
        lint_error(l, c->node->line, lint_weight(&e), &e);
    return t;
}

static struct type create_as(struct lint *l, const struct called *c, const struct rtype *t,
                             int at) {
    if (!t)
        return RECORD_OF(NULL);
    lint_need(l, c->node->line, RIGHT_WRITE, t);
    take_fields(l, c, at, t, true);
    return RECORD_OF(t);
}

static struct type call_create(struct lint *l, const struct called *c) {
    return create_as(l, c, type_at(l, c, 0), 1);
}

static struct type call_task(struct lint *l, const struct called *c) {
    return create_as(l, c, l->schema->base.task.type, 0);
}

static struct type call_update(struct lint *l, const struct called *c) {
    const struct rtype *t = c->count && c->types[0].kind == T_RECORD ? c->types[0].record : NULL;
    if (t) {
        lint_need(l, c->node->line, RIGHT_WRITE, t);
        take_fields(l, c, 1, t, false);
    }
    return (struct type){.kind = T_NIL};
}

static struct type call_delete(struct lint *l, const struct called *c) {
    const struct rtype *t = c->count && c->types[0].kind == T_RECORD ? c->types[0].record : NULL;
    if (t) {
        lint_need(l, c->node->line, RIGHT_WRITE, t);
        deed_add(l, DEED_DELETE, c->node->line, t, NULL, NULL, -1);
    }
    return (struct type){.kind = T_NIL};
}

static struct type call_get(struct lint *l, const struct called *c) {
    kith_id id;
    bool known = c->count && c->types[0].kind == T_RECORD;
    const struct rtype *t = known ? c->types[0].record : type_at(l, c, 0);
    struct type out = RECORD_OF(t);
    out.maybe = true;
    if (is_literal(c, 0) && c->count < 2 && !c->open)
        lint_say(l, c->node->line, FAULT, "get: write get('%.*s', id)", (int)c->types[0].text.len,
                 c->types[0].text.ptr);
    if (!known && is_literal(c, 1) && !id_parse(c->types[1].text, &id))
        lint_say(l, c->node->line, FAULT, "get: '%.*s' is no id: an id has 13 characters",
                 (int)c->types[1].text.len, c->types[1].text.ptr);
    if (t) {
        lint_need(l, c->node->line, RIGHT_READ, t);
        deed_add(l, DEED_READ, c->node->line, t, NULL, NULL, -1);
    }
    return out;
}

/* -- queries ----------------------------------------------------------------------------------- */

static const struct node *inner(const struct node *n) {
    while (n && n->kind == NODE_PAREN)
        n = n->a;
    return n;
}

static bool quotes_more(const struct node *n) {
    n = inner(n);
    return n->kind == NODE_STRING && n->text.len && n->text.ptr[n->text.len - 1] == '\'';
}

/* Is something put between quotes, as in "name = '" .. name .. "'" or ("name = '%s'"):format(name)?
 */
static bool is_glued(const struct node *n) {
    n = inner(n);
    if (n->kind == NODE_METHOD) {
        const struct node *of = inner(n->a);
        return str_eqz(n->text, "format") && of->kind == NODE_STRING &&
               memmem(of->text.ptr, of->text.len, "'%", 2);
    }
    for (; n->kind == NODE_BINARY && n->op == OP_CONCAT; n = inner(n->b)) {
        const struct node *right = inner(n->b);
        const struct node *first =
            right->kind == NODE_BINARY && right->op == OP_CONCAT ? inner(right->a) : right;
        if (quotes_more(n->a) && first->kind != NODE_STRING)
            return true;
    }
    return false;
}

/* The query that is the first argument, with `more` behind it; NULL: unknown, or wrong and told. */
static const struct query *query_at(struct lint *l, const struct called *c, const char *what,
                                    const char *more) {
    kith_str text = is_literal(c, 0) ? c->types[0].text : STR("");
    if (!is_literal(c, 0)) {
        if (c->count && is_glued(c->args[0]))
            lint_say(l, c->node->line, WARNING,
                     "%s: a value within the quotes of a query may itself hold one: write :name "
                     "there, and {name = ...} as the second argument",
                     what);
        return NULL;
    }
    if (*more)
        text = str_of(arena_printf(&l->arena, "%.*s%s", (int)text.len, text.ptr, more));
    const struct query *q = lint_query(l, c->node->line, text, what);
    if (!q)
        return NULL;
    kith_error e = KITH_ERROR_INIT;
    if (l->file->script && right_need_query(l->file->script, q, &e) != KITH_OK)
        lint_error(l, c->node->line, FAULT, &e);
    take_params(l, c, q);
    deed_query(l, c->node->line, q);
    return q;
}

static struct type call_find(struct lint *l, const struct called *c) {
    struct type out = {.kind = T_FINDING};
    const struct query *q = query_at(l, c, "find", "");
    if (q && query_counts(q))
        lint_say(l, c->node->line, FAULT, "find: the query counts: use count()");
    else if (q && query_totals(q))
        lint_say(l, c->node->line, FAULT,
                 "find: the query gives totals, not records: use totals()");
    else if (q)
        out.record = query_type(q);
    return out;
}

static struct type call_count(struct lint *l, const struct called *c) {
    const struct query *q =
        is_literal(c, 0) ? lint_query(l, c->node->line, c->types[0].text, "count") : NULL;
    if (q && query_counts(q))
        lint_say(l, c->node->line, FAULT, "count: leave ': count()' out of the query");
    else if (q || !is_literal(c, 0))
        query_at(l, c, "count", ": count()");
    return (struct type){.kind = T_INTEGER};
}

static struct type call_totals(struct lint *l, const struct called *c) {
    const struct query *q = query_at(l, c, "totals", "");
    if (q && query_totals(q))
        return (struct type){.kind = T_ROWS, .query = q};
    if (q)
        lint_say(l, c->node->line, FAULT,
                 query_counts(q) ? "totals: the query only counts: use count()"
                                 : "totals: the query gives records, not totals: use find()");
    return (struct type){.kind = T_TABLE};
}

/* -- others ------------------------------------------------------------------------------------ */

static const char *topic_at(const void *g, size_t i) {
    return engine_topic_at(g, i);
}

/* What is published must be what the topic says that it carries. */
static void take_carried(struct lint *l, const struct called *c, const struct rtype *payload) {
    const struct node *table = payload ? table_at(c, 2) : NULL;
    for (const struct node *i = table ? table->a : NULL; i; i = i->next) {
        const struct rfield *f;
        kith_error e = KITH_ERROR_INIT;
        kith_str name;
        if (!item_name(i, &name))
            continue;
        if (payload_field(payload, name, &f, &e) != KITH_OK)
            lint_error(l, i->line, FAULT, &e);
        else if (i->note)
            lint_value(l, i->line, f, false, false, i->note, i->b);
    }
}

static struct type call_publish(struct lint *l, const struct called *c) {
    size_t count = 0;
    bool known = !is_literal(c, 0);
    const char *topic = NULL, *name;
    for (; (name = engine_topic_at(l->engine, count)); count++)
        if (!known && str_eqz(c->types[0].text, name))
            topic = name;
    if (topic) {
        lint_need_name(l, c->node->line, "publish", topic);
        take_carried(l, c, engine_payload(l->engine, c->types[0].text));
        deed_add(l, DEED_PUBLISH, c->node->line, NULL, NULL, topic, -1);
    } else if (!known) {
        kith_str text = c->types[0].text;
        const char *near = str_nearest(text, topic_at, l->engine, count);
        lint_say(l, c->node->line, near ? FAULT : ABSENT,
                 "topic '%.*s' is declared by no enabled module%s%s%s", (int)text.len, text.ptr,
                 STR_MEANT(near));
    }
    return (struct type){.kind = T_NIL};
}

static struct type call_render(struct lint *l, const struct called *c) {
    kith_error e = KITH_ERROR_INIT;
    if (is_literal(c, 0) && template_check(c->types[0].text, &e) != KITH_OK)
        lint_say(l, c->node->line, FAULT, "render: %s", e.message);
    return (struct type){.kind = T_TEXT};
}

static struct type call_exact(struct lint *l, const struct called *c, uint8_t kind) {
    kith_error e = KITH_ERROR_INIT;
    kith_value v;
    if (is_literal(c, 0) && exact_read(l->engine, kind, c->types[0].text, &v, &e) != KITH_OK)
        lint_error(l, c->node->line, FAULT, &e);
    return (struct type){.kind = T_EXACT, .exact = kind};
}

static struct type call_decimal(struct lint *l, const struct called *c) {
    return call_exact(l, c, KITH_DECIMAL);
}

static struct type call_money(struct lint *l, const struct called *c) {
    return call_exact(l, c, KITH_MONEY);
}

static struct type call_date(struct lint *l, const struct called *c) {
    return call_exact(l, c, KITH_DATE);
}

static struct type call_time(struct lint *l, const struct called *c) {
    return call_exact(l, c, KITH_TIME);
}

static struct type call_at(struct lint *l, const struct called *c) {
    kith_error e = KITH_ERROR_INIT;
    int32_t hour, minute;
    if (is_literal(c, 1) && clock_read(c->types[1].text.ptr, &hour, &minute, &e) != KITH_OK)
        lint_error(l, c->node->line, FAULT, &e);
    return (struct type){.kind = T_EXACT, .exact = KITH_TIME};
}

static struct type call_business_days(struct lint *l, const struct called *c) {
    (void)l;
    if (c->count > 1 && c->types[1].kind == T_EXACT && !c->types[1].maybe)
        return c->types[1];
    return c->count < 2 && !c->open ? (struct type){.kind = T_EXACT, .exact = KITH_TIME} : UNKNOWN;
}

static struct type call_ipairs(struct lint *l, const struct called *c) {
    (void)l;
    struct type t = c->count ? c->types[0] : UNKNOWN;
    t.each = t.kind == T_LIST || t.kind == T_ROWS || t.kind == T_ANSWERS;
    return t.each ? t : (struct type){.kind = T_FUNCTION};
}

static struct type call_require(struct lint *l, const struct called *c) {
    if (l->function)
        lint_say(l, c->node->line, FAULT, REQUIRE_AT_TOP);
    struct lint_file *f = is_literal(c, 0) ? lint_required(l, c->types[0].text) : NULL;
    if (f)
        use_file(l, f);
    return f ? (struct type){.kind = T_FILE, .file = f} : UNKNOWN;
}

static struct type call_refuse(struct lint *l, const struct called *c) {
    (void)c;
    l->left |= l->function != NULL;
    return UNKNOWN;
}

/* What is called by it may fail: that is only a warning. */
static struct type call_pcall(struct lint *l, const struct called *c) {
    struct called inner = {.node = c->node, .open = c->open};
    struct type callee = c->count ? c->types[0] : UNKNOWN;
    for (int i = 1; i < c->count; i++) {
        inner.args[inner.count] = c->args[i];
        inner.types[inner.count++] = c->types[i];
    }
    l->guarded++;
    l->branches++;
    if (callee.kind == T_WORD || callee.kind == T_ACTION)
        lint_call(l, &inner, &callee);
    else if (callee.kind == T_FUNCTION && c->args[0]->kind == NODE_NAME)
        lint_bind(l, callee.function, inner.types, inner.count);
    l->branches--;
    l->guarded--;
    return (struct type){.kind = T_BOOLEAN};
}

/* -- waiting ----------------------------------------------------------------------------------- */

static void check_topic(struct lint *l, uint32_t line, kith_str topic) {
    const struct rtype *t;
    kith_error e = KITH_ERROR_INIT;
    kith_str rest = topic, type = topic;
    str_split(&rest, '.', &type);
    if (engine_topic_known(l->engine, topic))
        return;
    if (schema_find_type(l->schema, type, &t, &e) != KITH_OK && lint_weight(&e) == ABSENT)
        lint_say(l, line, ABSENT, "topic '%.*s' is declared by no enabled module", (int)topic.len,
                 topic.ptr);
    else if (!t)
        lint_error(l, line, FAULT, &e);
    else if (topic_check(l->engine, t, topic.ptr, &e) != KITH_OK)
        lint_error(l, line, FAULT, &e);
}

/* The type that a topic names. */
static const struct rtype *named_type(const struct lint *l, kith_str topic) {
    kith_str rest = topic, name = topic;
    str_split(&rest, '.', &name);
    return schema_type(l->schema, name);
}

/* Whose records' events they are; NULL: they are published, and about records of any type. */
static const struct rtype *type_of_topic(const struct lint *l, kith_str topic) {
    return engine_topic_published(l->engine, topic) ? NULL : named_type(l, topic);
}

/* {field = value}: what the event must have to fit, as wait_for() takes it. */
static void check_match(struct lint *l, kith_str topic, const struct node *match) {
    const struct rtype *t = type_of_topic(l, topic), *payload = engine_payload(l->engine, topic),
                       *named = named_type(l, topic);
    for (const struct node *i = match ? match->a : NULL; i; i = i->next) {
        const struct rfield *f;
        kith_error e = KITH_ERROR_INIT;
        kith_str name;
        if (!item_name(i, &name) || str_eqz(name, "record") ||
            (named && type_field(l->schema, named, name)))
            continue;
        if ((t && schema_find_field(l->schema, t, name, &f, &e) != KITH_OK) ||
            (payload && payload_field(payload, name, &f, &e) != KITH_OK))
            lint_error(l, i->line, FAULT, &e);
    }
}

static struct type call_wait_for(struct lint *l, const struct called *c) {
    if (!is_literal(c, 0))
        return UNKNOWN;
    kith_str topic = c->types[0].text;
    check_topic(l, c->node->line, topic);
    check_match(l, topic, table_at(c, 1));
    return (struct type){.kind = T_EVENT,
                         .maybe = true,
                         .run = true,
                         .record = type_of_topic(l, topic),
                         .payload = engine_payload(l->engine, topic)};
}

/* {name = {topic, {field = value}}, ...} */
static struct type call_wait_any(struct lint *l, const struct called *c) {
    const struct node *table = table_at(c, 0);
    for (const struct node *i = table ? table->a : NULL; i; i = i->next) {
        const struct node *first = i->b->kind == NODE_TABLE ? i->b->a : NULL;
        if (!i->a)
            lint_say(l, i->line, FAULT,
                     "each event has a name: {answered = {\"task.done\", {record = t}}, ...}");
        if (!i->a || !first || first->a || first->b->kind != NODE_STRING)
            continue;
        const struct node *match = first->next;
        check_topic(l, first->line, first->b->text);
        if (match && !match->a && match->b->kind == NODE_TABLE)
            check_match(l, first->b->text, match->b);
    }
    return UNKNOWN;
}

/* "text", or "number?" where it need not be answered */
static bool is_asked(kith_str kind) {
    kind.len -= kind.len && kind.ptr[kind.len - 1] == '?';
    return str_eqz(kind, "text") || str_eqz(kind, "number") || str_eqz(kind, "boolean") ||
           str_eqz(kind, "date");
}

static void check_form(struct lint *l, const struct node *fields) {
    for (const struct node *i = fields->a; i; i = i->next) {
        kith_str name;
        if (item_name(i, &name) && i->b->kind == NODE_STRING && !is_asked(i->b->text))
            lint_say(
                l, i->line, FAULT,
                "ask_user: '%.*s' asks for \"text\", \"number\", \"boolean\" or \"date\", each "
                "with ? where it need not be answered, or for one of a list: {\"yes\", \"no\"}",
                (int)name.len, name.ptr);
    }
}

static struct type call_ask_user(struct lint *l, const struct called *c) {
    const struct node *table = table_at(c, 0);
    struct type answers = {.kind = T_TABLE, .maybe = true};
    for (const struct node *i = table ? table->a : NULL; i; i = i->next) {
        const struct type *t = i->note;
        kith_str name;
        if (!item_name(i, &name))
            continue;
        if (str_eqz(name, "fields") && i->b->kind == NODE_TABLE)
            check_form(l, i->b);
        bool text = t && (t->kind == T_TEXT || t->kind == T_INTEGER || t->kind == T_NUMBER);
        if (str_eqz(name, "wait") && text)
            lint_say(l, i->line, FAULT,
                     "ask_user: how long is said by a duration such as days(3), a time or a date, "
                     "not by %s",
                     type_text(l, t));
    }
    if (table && is_plain(table) && !has_item(table, "fields"))
        lint_say(l, c->node->line, FAULT, ASK_FIELDS);
    return answers;
}

static bool waits(const struct word *w) {
    static const char *const words[] = {"sleep",    "sleep_until",    "wait_for", "wait_any",
                                        "wait_all", "ask_user",       "parallel", "start",
                                        "on_undo",  "continue_as_new"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], w->name) == 0)
            return true;
    return false;
}

/* -- rules ------------------------------------------------------------------------------------- */

static const struct form forms[] = {{"before", NULL, GIVES_CHANGE, true},
                                    {"after", NULL, GIVES_CHANGE, false},
                                    {"on", NULL, GIVES_EVENT, false},
                                    {"every", NULL, GIVES_TIME, false},
                                    {"workflow", "on", GIVES_EVENT, false}};

const struct form *form_find(kith_str name) {
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (str_eqz(name, forms[i].name))
            return &forms[i];
    return NULL;
}

static void bind_form(struct lint *l, const struct form *f, kith_str event,
                      const struct node *function) {
    kith_str verb = event, name = STR("");
    str_split(&verb, '.', &name);
    const struct rtype *t = type_of_topic(l, event);
    struct type given[2] = {t ? RECORD_OF(t) : UNKNOWN, {.kind = T_CHANGE, .record = t}};
    given[1].payload = engine_payload(l->engine, event);
    given[1].run = f->option != NULL;
    given[0].writable = f->before && !str_eqz(verb, "delete");
    if (f->gives == GIVES_EVENT)
        given[1].kind = event.len ? T_EVENT : T_UNKNOWN; /* begun by hand, it gets anything */
    if (f->gives == GIVES_TIME)
        given[0] = (struct type){.kind = T_EXACT, .exact = KITH_TIME};
    lint_bind(l, function, given, f->gives == GIVES_TIME ? 1 : 2);
}

/* before "lead.create" {...} (function ...) comes in several calls, or in one. */
static struct type call_form(struct lint *l, const struct called *c, struct type t) {
    for (int i = 0; i < c->count; i++) {
        const struct node *table = table_at(c, i);
        if (!t.form->option && !t.text.ptr && is_literal(c, i))
            t.text = c->types[i].text;
        for (const struct node *k = table && t.form->option ? table->a : NULL; k; k = k->next) {
            const struct type *value = k->note;
            kith_str name;
            if (item_name(k, &name) && str_eqz(name, t.form->option) && value &&
                value->kind == T_TEXT && value->literal)
                t.text = value->text;
        }
        if (c->types[i].kind == T_FUNCTION && c->types[i].function)
            bind_form(l, t.form, t.text.ptr ? t.text : STR(""), c->types[i].function);
    }
    return t;
}

/* -- calls ------------------------------------------------------------------------------------- */

static const struct special {
    const char *name;
    struct type (*call)(struct lint *l, const struct called *c);
} specials[] = {{"create", call_create},
                {"update", call_update},
                {"delete", call_delete},
                {"task", call_task},
                {"get", call_get},
                {"find", call_find},
                {"count", call_count},
                {"totals", call_totals},
                {"publish", call_publish},
                {"render", call_render},
                {"decimal", call_decimal},
                {"money", call_money},
                {"date", call_date},
                {"time", call_time},
                {"at", call_at},
                {"business.days", call_business_days},
                {"ipairs", call_ipairs},
                {"require", call_require},
                {"refuse", call_refuse},
                {"error", call_refuse},
                {"assert", call_refuse},
                {"pcall", call_pcall},
                {"wait_for", call_wait_for},
                {"wait_any", call_wait_any},
                {"wait_all", call_wait_any},
                {"ask_user", call_ask_user}};

static void check_signature(struct lint *l, const struct called *c, const struct word *w) {
    const char *rest = w->params;
    struct word_param p;
    for (int i = 0; word_param(&rest, &p) && !str_eqz(p.name, "..."); i++) {
        bool given = i < c->count;
        if (!given && !p.optional && !c->open)
            lint_say(l, c->node->line, FAULT, "%s needs %.*s: %s(%s)", w->name, (int)p.name.len,
                     p.name.ptr, w->name, w->params);
        if (!given || type_fits(&c->types[i], p.type))
            continue;
        bool nil = c->types[i].kind == T_NIL;
        if (p.optional && nil)
            continue;
        lint_say(l, c->node->line, p.optional && c->types[i].maybe ? WARNING : FAULT,
                 "%s: %.*s must be %s, and this is %s", w->name, (int)p.name.len, p.name.ptr,
                 type_words(l, p.type), type_text(l, &c->types[i]));
    }
}

static struct type call_word(struct lint *l, const struct called *c, const struct word *w) {
    const struct form *form = form_find(str_of(w->name));
    if (form)
        return call_form(l, c, (struct type){.kind = T_FORM, .form = form});
    if (l->form && !l->form->option && waits(w))
        lint_say(l, c->node->line, FAULT, FLOW_ONLY, arena_printf(&l->arena, "%s()", w->name));
    check_signature(l, c, w);
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (strcmp(specials[i].name, w->name) == 0)
            return specials[i].call(l, c);
    return w->result ? type_of_word(str_of(w->result)) : (struct type){.kind = T_NIL};
}

struct type lint_call(struct lint *l, struct called *c, const struct type *callee) {
    struct type record = RECORD_OF(callee->record);
    switch (callee->kind) {
    case T_WORD:
        return call_word(l, c, callee->word);
    case T_ACTION:
        return call_action(l, c, callee->action);
    case T_FORM:
        return call_form(l, c, *callee);
    case T_FINDING:
        record.maybe = true;
        return record;
    case T_NONE:
    case T_UNKNOWN:
    case T_FILE:
    case T_FUNCTION:
        l->left |= l->function != NULL; /* it may refuse */
        return UNKNOWN;
    default:
        lint_say(l, c->node->line, FAULT, "%s is no function", type_text(l, callee));
        return UNKNOWN;
    }
}
