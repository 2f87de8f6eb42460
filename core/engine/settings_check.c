/* SPDX-License-Identifier: Apache-2.0 */
/* Settings, the check: the declarations become a tree of groups and settings, and the tree that
 * libconfig made of a file is walked along it, so that what nobody declared is seen. */
#include "engine/settings_internal.h"

#include "base/date.h"
#include "base/text.h"
#include <math.h>
#include <string.h>

#define INTEGER_MAX INT64_C(9007199254740991) /* 2^53-1, as for every INT value */

/* A copy that lives as long as the settings; "" without memory. */
static const char *keep(struct load *l, const char *z) {
    char *copy = arena_strdup(&l->s->arena, z);
    l->nomem |= !copy;
    return copy ? copy : "";
}

/* "group.name", for now. */
static const char *join(struct load *l, const char *group, const char *name) {
    char *path = arena_printf(&l->scratch, "%s%s%s", group, *group && *name ? "." : "", name);
    l->nomem |= !path;
    return path ? path : "";
}

static void *keep_new(struct load *l, size_t size, size_t count) {
    void *p = arena_array(&l->s->arena, size, count);
    l->nomem |= !p;
    return p;
}
#define KEEP_NEW(l, type, count) ((type *)keep_new((l), sizeof(type), (count)))

/* -- the tree ---------------------------------------------------------------------------------- */

kith_setting setting_in(const kith_array *a, uint32_t i) {
    kith_setting s = {0};
    size_t size = a->stride < sizeof s ? a->stride : sizeof s;
    memcpy(&s, (const char *)a->items + (size_t)i * a->stride, size);
    return s;
}

static struct node *find_child(const struct node *n, kith_str name) {
    struct node *c = n->child;
    while (c && !str_eqz(name, c->name))
        c = c->next;
    return c;
}

static const char *child_name(const void *parent, size_t i) {
    const struct node *c = ((const struct node *)parent)->child;
    while (i--)
        c = c->next;
    return c->name;
}

const char *node_nearest(const struct node *n, const char *name) {
    size_t count = 0;
    for (const struct node *c = n->child; c; c = c->next)
        count++;
    return str_nearest(str_of(name), child_name, n, count);
}

static struct node *add_child(struct load *l, struct node *parent, kith_str name) {
    struct node *n = KEEP_NEW(l, struct node, 1), **tail = &parent->child;
    if (!n)
        return NULL;
    n->name = arena_strndup(&l->s->arena, name.ptr, (size_t)name.len);
    if (!n->name) {
        l->nomem = true;
        return NULL;
    }
    while (*tail)
        tail = &(*tail)->next;
    return *tail = n;
}

/* The node of a dotted key, made with its groups. NULL: it is taken, or no memory. */
static struct node *place(struct load *l, struct node *at, const char *key) {
    kith_str rest = str_of(key), part;
    while (at && !at->leaf && str_split(&rest, '.', &part)) {
        struct node *next = find_child(at, part);
        at = next ? next : add_child(l, at, part);
    }
    return at && !at->leaf && !at->child ? at : NULL;
}

/* -- values: what stands in a file ------------------------------------------------------------- */

static bool is_text(const config_setting_t *c) {
    return c->type == CONFIG_TYPE_STRING;
}

static bool is_reported(const config_setting_t *c) {
    return is_text(c) && strcmp(c->value.sval, REPORTED_TEXT) == 0;
}

/* For a message: the value, or only its kind where it is secret or no scalar. */
static void found_text(const config_setting_t *c, bool secret, struct buf *out) {
    static const char *const kinds[] = {
        [CONFIG_TYPE_NONE] = "nothing",       [CONFIG_TYPE_GROUP] = "a group",
        [CONFIG_TYPE_INT] = "a whole number", [CONFIG_TYPE_INT64] = "a whole number",
        [CONFIG_TYPE_FLOAT] = "a number",     [CONFIG_TYPE_STRING] = "a text",
        [CONFIG_TYPE_BOOL] = "true or false", [CONFIG_TYPE_ARRAY] = "a list",
        [CONFIG_TYPE_LIST] = "a list"};
    if (!secret && c->type == CONFIG_TYPE_INT64)
        buf_printf(out, "%lld", c->value.llval);
    else if (!secret && c->type == CONFIG_TYPE_FLOAT)
        buf_printf(out, "%g", c->value.fval);
    else if (!secret && c->type == CONFIG_TYPE_BOOL)
        buf_puts(out, c->value.ival ? "true" : "false");
    else if (!secret && is_text(c))
        setting_quoted(text_cut(str_of(c->value.sval), 60), out);
    else
        buf_puts(out, kinds[c->type]);
}

static void report_wrong(struct load *l, const kith_setting *d, const char *path,
                         const config_setting_t *c) {
    struct buf found = {0}, want = {0};
    if (is_reported(c))
        return;
    found_text(c, d->flags & KITH_SF_SECRET, &found);
    setting_kind_text(d, &want);
    if (found.failed || want.failed)
        l->nomem = true;
    else
        report(l, (int)c->line, "%s is %s; it must be %s", path, found.ptr, want.ptr);
    buf_free(&found);
    buf_free(&want);
}

static bool in_range(const kith_setting *d, int64_t i) {
    return (d->min == 0 && d->max == 0) || (i >= d->min && i <= d->max);
}

static bool among_choices(const char *choices, kith_str s) {
    kith_str rest = str_of(choices), choice;
    while (str_split(&rest, ',', &choice))
        if (str_eq(choice, s))
            return true;
    return !choices;
}

/* -- values: reading --------------------------------------------------------------------------- */

/* Whether c is what leaf asks for; fills in out->as. REPORTED: it is not, and a problem says so. */
enum verdict { RIGHT, WRONG, REPORTED };
typedef enum verdict (*reader)(struct load *l, const struct leaf *leaf, const char *path,
                               const config_setting_t *c, kith_value *out);

static enum verdict right_if(bool right) {
    return right ? RIGHT : WRONG;
}

static enum verdict read_bool(struct load *l, const struct leaf *leaf, const char *path,
                              const config_setting_t *c, kith_value *out) {
    (void)l, (void)leaf, (void)path;
    out->as.i = c->value.ival != 0;
    return right_if(c->type == CONFIG_TYPE_BOOL);
}

static enum verdict read_int(struct load *l, const struct leaf *leaf, const char *path,
                             const config_setting_t *c, kith_value *out) {
    (void)l, (void)path;
    int64_t i = out->as.i = c->value.llval;
    return right_if(c->type == CONFIG_TYPE_INT64 && i >= -INTEGER_MAX && i <= INTEGER_MAX &&
                    in_range(&leaf->pub.decl, i));
}

static enum verdict read_real(struct load *l, const struct leaf *leaf, const char *path,
                              const config_setting_t *c, kith_value *out) {
    const kith_setting *d = &leaf->pub.decl;
    (void)l, (void)path;
    if (c->type != CONFIG_TYPE_INT64 && c->type != CONFIG_TYPE_FLOAT)
        return WRONG;
    double r = out->as.r = c->type == CONFIG_TYPE_INT64 ? (double)c->value.llval : c->value.fval;
    bool bounded = d->min || d->max;
    return right_if(isfinite(r) && (!bounded || (r >= (double)d->min && r <= (double)d->max)));
}

/* A number or a truth value where a text is wanted that may be written so; else ptr is NULL. */
static kith_str scalar_text(struct load *l, const struct leaf *leaf, const config_setting_t *c) {
    struct buf b = {0};
    bool scalar =
        c->type == CONFIG_TYPE_INT64 || c->type == CONFIG_TYPE_FLOAT || c->type == CONFIG_TYPE_BOOL;
    if (!(leaf->pub.decl.flags & SETTING_SCALAR) || !scalar)
        return (kith_str){0};
    if (c->type == CONFIG_TYPE_BOOL)
        buf_puts(&b, c->value.ival ? "true" : "false");
    else
        found_text(c, false, &b);
    kith_str text = b.failed ? (kith_str){0} : arena_str(&l->scratch, buf_view(&b));
    buf_free(&b);
    l->nomem |= !text.ptr;
    return text;
}

static enum verdict read_text(struct load *l, const struct leaf *leaf, const char *path,
                              const config_setting_t *c, kith_value *out) {
    (void)path;
    kith_str given = is_text(c) ? str_of(c->value.sval) : scalar_text(l, leaf, c);
    if (!given.ptr)
        return WRONG;
    kith_str nfc = text_nfc(&l->scratch, given);
    out->as.s = nfc.ptr ? arena_str(&l->s->arena, nfc) : nfc;
    l->nomem |= !out->as.s.ptr;
    return right_if(among_choices(leaf->pub.decl.choices, out->as.s));
}

static enum verdict read_duration(struct load *l, const struct leaf *leaf, const char *path,
                                  const config_setting_t *c, kith_value *out) {
    (void)l, (void)path;
    return right_if(is_text(c) && duration_parse(str_of(c->value.sval), &out->as.i) &&
                    in_range(&leaf->pub.decl, out->as.i));
}

static enum verdict read_list(struct load *l, const struct leaf *leaf, const char *path,
                              const config_setting_t *c, kith_value *out);

static const reader readers[] = {
    [KITH_BOOL] = read_bool, [KITH_INT] = read_int,           [KITH_REAL] = read_real,
    [KITH_TEXT] = read_text, [KITH_DURATION] = read_duration, [KITH_LIST] = read_list,
};

static bool is_known_kind(uint32_t kind) {
    return kind < sizeof readers / sizeof readers[0] && readers[kind];
}

/* False: c is wrong, and a problem says so. */
static bool read_value(struct load *l, const struct leaf *leaf, const char *path,
                       const config_setting_t *c, kith_value *out) {
    const kith_setting *d = &leaf->pub.decl;
    kith_value v = {.kind = d->kind, .flags = (uint32_t)c->line};
    enum verdict got = readers[d->kind](l, leaf, path, c, &v);
    if (got == WRONG)
        report_wrong(l, d, path, c);
    if (got == RIGHT)
        *out = v;
    return got == RIGHT;
}

static void take_group(struct load *l, const struct node *n, const char *path,
                       const config_setting_t *group, kith_value *values);

/* One group of a list of groups becomes the list of its values. */
static enum verdict read_item(struct load *l, const struct leaf *leaf, const char *path,
                              const config_setting_t *c, kith_value *out) {
    const struct shape *shape = leaf->items;
    if (c->type != CONFIG_TYPE_GROUP)
        return WRONG;
    kith_value *v = KEEP_NEW(l, kith_value, shape->count);
    if (!v)
        return REPORTED;
    for (size_t i = 0; i < shape->count; i++) {
        v[i] = shape->leaves[i]->fallback;
        shape->leaves[i]->faulty = false;
    }
    take_group(l, &shape->root, path, c, v);
    for (size_t i = 0; i < shape->count; i++) {
        const struct leaf *key = shape->leaves[i];
        if ((key->pub.decl.flags & KITH_SF_REQUIRED) && v[i].kind == KITH_NULL && !key->faulty)
            report(l, (int)c->line, "%s.%s is missing", path, key->pub.decl.key);
    }
    out->as.list.items = v;
    out->as.list.count = shape->count;
    return RIGHT;
}

static bool read_element(struct load *l, const struct leaf *leaf, const char *path,
                         const config_setting_t *c, kith_value *out) {
    kith_setting want = leaf->pub.decl;
    want.kind = leaf->items ? KITH_LIST : KITH_TEXT;
    out->kind = want.kind;
    out->flags = (uint32_t)c->line;
    enum verdict got = (leaf->items ? read_item : read_text)(l, leaf, path, c, out);
    if (got == WRONG && leaf->items && !is_reported(c))
        report(l, (int)c->line, "%s must be a group in braces: { ... }", path);
    else if (got == WRONG)
        report_wrong(l, &want, path, c);
    return got == RIGHT;
}

static enum verdict read_list(struct load *l, const struct leaf *leaf, const char *path,
                              const config_setting_t *c, kith_value *out) {
    if (c->type != CONFIG_TYPE_LIST && c->type != CONFIG_TYPE_ARRAY)
        return WRONG;
    int count = config_setting_length(c);
    if (leaf->items && !in_range(&leaf->pub.decl, count)) {
        report(l, (int)c->line, "%s has %d groups; it must have %lld to %lld", path, count,
               (long long)leaf->pub.decl.min, (long long)leaf->pub.decl.max);
        return REPORTED;
    }
    kith_value *v = KEEP_NEW(l, kith_value, (size_t)count);
    bool right = v != NULL;
    for (int i = 0; v && i < count; i++) {
        char *at = arena_printf(&l->scratch, "%s[%d]", path, i + 1);
        right &=
            read_element(l, leaf, at ? at : path, config_setting_get_elem(c, (unsigned)i), &v[i]);
    }
    out->as.list.items = v;
    out->as.list.count = (uint64_t)count;
    return right ? RIGHT : REPORTED;
}

/* -- walking a file ---------------------------------------------------------------------------- */

static void report_unknown(struct load *l, const struct node *n, const char *path,
                           const config_setting_t *c) {
    if (l->lenient)
        return;
    const char *near = node_nearest(n, c->name);
    bool top = n == &l->s->shape.root;
    report(l, (int)c->line, "%s is %s%s%s%s", path,
           l->single ? "not known here"
           : top     ? "neither a setting nor an enabled module"
                     : "not a setting",
           near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void take_value(struct load *l, struct leaf *leaf, const char *path,
                       const config_setting_t *c, kith_value *values) {
    kith_value *to = values ? &values[leaf->index] : &leaf->pub.value;
    if (!read_value(l, leaf, path, c, to)) {
        leaf->faulty = true;
    } else if (!values) {
        leaf->pub.file = l->file;
        leaf->pub.line = (int)c->line;
    }
}

/* values: where those of a list's group go; NULL: into the leaves. */
static void take_group(struct load *l, const struct node *n, const char *path,
                       const config_setting_t *group, kith_value *values) {
    int count = config_setting_length(group);
    for (int i = 0; i < count; i++) {
        const config_setting_t *c = config_setting_get_elem(group, (unsigned)i);
        if (strchr(c->name, REPORTED_MARK))
            continue;
        const struct node *to = find_child(n, str_of(c->name));
        const char *at = join(l, path, c->name);
        if (!to)
            report_unknown(l, n, at, c);
        else if (to->leaf)
            take_value(l, to->leaf, at, c, values);
        else if (to->unchecked || is_reported(c))
            continue;
        else if (c->type == CONFIG_TYPE_GROUP)
            take_group(l, to, at, c, values);
        else
            report(l, (int)c->line, "%s must be a group in braces: %s: { ... };", at, c->name);
    }
}

void settings_take(struct load *l, const config_t *cfg) {
    take_group(l, &l->s->shape.root, "", config_root_setting(cfg), NULL);
}

/* -- declarations ------------------------------------------------------------------------------ */

/* The default as it would stand in a file. Texts and durations may be declared without quotes. */
static void default_line(const kith_setting *d, struct buf *out) {
    bool bare = (d->kind == KITH_TEXT || d->kind == KITH_DURATION) && d->default_text[0] != '"';
    buf_puts(out, bare ? "default = \"" : "default = ");
    for (const char *p = d->default_text; *p; p++) {
        if (bare && (*p == '"' || *p == '\\'))
            buf_putc(out, '\\');
        buf_putc(out, *p);
    }
    buf_puts(out, bare ? "\";" : ";");
}

static void read_default(struct load *l, struct leaf *leaf) {
    const kith_setting *d = &leaf->pub.decl;
    struct buf text = {0};
    config_t cfg;
    if (!d->default_text)
        return;
    default_line(d, &text);
    l->nomem |= text.failed;
    if (!text.failed && settings_parse(l, buf_view(&text), &cfg)) {
        const config_setting_t *c = config_setting_get_elem(config_root_setting(&cfg), 0);
        (void)read_value(l, leaf, d->key, c, &leaf->fallback);
    }
    if (!text.failed)
        config_destroy(&cfg);
    leaf->pub.value = leaf->fallback;
    buf_free(&text);
}

static void declare_all(struct load *l, struct shape *to, struct node *at, const char *module,
                        const kith_array *decls);

/* What is declared wrongly is reported and left out. */
static bool is_sound(struct load *l, const kith_setting *d) {
    if (!is_known_kind(d->kind))
        report(l, 0, "the kind %u is not known", d->kind);
    else if (d->max < d->min)
        report(l, 0, "the largest value allowed is below the smallest");
    else
        return true;
    return false;
}

static void declare_one(struct load *l, struct shape *to, struct node *at, const char *module,
                        const kith_setting *d) {
    const char *owner = *module ? module : "the core";
    char *about = arena_printf(&l->scratch, "%s, declaration of %s: ", owner, d->key);
    l->about = about ? about : "";
    struct node *n = place(l, at, d->key);
    if (!n && !l->nomem)
        report(l, 0, "the name is taken by another setting or group");
    struct leaf *leaf = n && is_sound(l, d) ? KEEP_NEW(l, struct leaf, 1) : NULL;
    if (leaf) {
        leaf->pub = (struct setting){.module = module, .decl = *d};
        leaf->pub.path = keep(l, join(l, module, d->key));
        leaf->index = to->count;
        if (d->kind == KITH_LIST && d->items.count && (leaf->items = KEEP_NEW(l, struct shape, 1)))
            declare_all(l, leaf->items, &leaf->items->root, "", &d->items);
        l->about = about ? about : "";
        read_default(l, leaf);
        to->leaves[to->count++] = n->leaf = leaf;
    }
    l->about = "";
}

static void declare_all(struct load *l, struct shape *to, struct node *at, const char *module,
                        const kith_array *decls) {
    struct leaf **all = KEEP_NEW(l, struct leaf *, to->count + decls->count);
    if (all && to->count)
        memcpy(all, to->leaves, to->count * sizeof *all);
    to->leaves = all;
    for (uint32_t i = 0; i < decls->count && !l->nomem; i++) {
        kith_setting d = setting_in(decls, i);
        if (d.key && *d.key)
            declare_one(l, to, at, module, &d);
        else
            report(l, 0, "%s declares a setting without a name", *module ? module : "the core");
    }
}

void settings_declare(struct load *l, const struct settings_owner *o) {
    struct node *at = &l->s->shape.root;
    if (*o->module && find_child(at, str_of(o->module))) {
        report(l, 0, "%s is the name of two modules, or of a module and of a group of the core",
               o->module);
        return;
    }
    if (*o->module && !(at = add_child(l, at, str_of(o->module))))
        return;
    at->unchecked = o->disabled;
    if (!o->disabled)
        declare_all(l, &l->s->shape, at, keep(l, o->module), &o->settings);
}
