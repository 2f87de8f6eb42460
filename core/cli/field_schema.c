/* SPDX-License-Identifier: Apache-2.0 */
/* What a value of a field looks like in JSON, as a JSON Schema: for agents, and for the document of
 * the interface, which takes it from `kith schema`. */
#include "cli/show.h"

#include <string.h>

#define ID            "[0-9A-F][0-9A-HJKMNP-TV-Z]{12}"
#define DIGITS        "-?[0-9]{1,19}"
#define INT_MAX_EXACT INT64_C(9007199254740991)

static void text_member(struct json_out *j, const char *key, const char *text) {
    if (!text)
        return;
    json_key(j, key);
    json_strz(j, text);
}

static void built_member(struct json_out *j, const char *key, struct buf *text) {
    json_key(j, key);
    json_str(j, buf_view(text));
    j->buf->failed |= text->failed;
    buf_free(text);
}

static void int_member(struct json_out *j, const char *key, bool there, int64_t n) {
    if (!there)
        return;
    json_key(j, key);
    json_int(j, n);
}

static void put_example(struct json_out *j, const char *text) {
    if (!text)
        return;
    json_key(j, "examples");
    json_array_(j);
    json_strz(j, text);
    json_array_end(j);
}

/* -- what depends on the field ----------------------------------------------------------------- */

static void put_lengths(struct json_out *j, const struct rfield *f) {
    int_member(j, "minLength", f->min_text, f->min);
    int_member(j, "maxLength", f->max_text, f->max);
}

/* Of more digits JavaScript makes other numbers. */
static void put_range(struct json_out *j, const struct rfield *f) {
    int_member(j, "minimum", true, f->min_text ? f->min : -INT_MAX_EXACT);
    int_member(j, "maximum", true, f->max_text ? f->max : INT_MAX_EXACT);
}

static void put_decimal(struct json_out *j, const struct rfield *f) {
    struct buf b = {0};
    buf_puts(&b, "^" DIGITS);
    if (f->scale > 0)
        buf_printf(&b, "(\\.[0-9]{1,%d})?", (int)f->scale);
    buf_puts(&b, "$");
    built_member(j, "pattern", &b);
}

static void put_money(struct json_out *j, const struct rfield *f) {
    struct buf b = {0};
    char example[40];
    buf_puts(&b, "^" DIGITS "(\\.[0-9]{1,4})? ");
    buf_puts(&b, f->option_count ? "(" : "[A-Z]{3}");
    for (uint32_t i = 0; i < f->option_count; i++)
        buf_printf(&b, "%s%s", i ? "|" : "", f->options[i]);
    buf_puts(&b, f->option_count ? ")$" : "$");
    built_member(j, "pattern", &b);
    snprintf(example, sizeof example, "12 %.30s", f->option_count ? f->options[0] : "EUR");
    put_example(j, example);
}

static void put_link(struct json_out *j, const struct rfield *f) {
    text_member(j, "pattern", f->any_target ? "^[a-z][a-z0-9_]*/" ID "$" : "^" ID "$");
    put_example(j, f->any_target ? "contact/0SA818NN40003" : "0SA818NN40003");
}

static void put_texts(struct json_out *j, const struct rfield *f) {
    json_key(j, "items");
    json_object_(j);
    text_member(j, "type", "string");
    text_member(j, "pattern", f->kind == KITH_F_LINKS ? "^" ID "$" : NULL);
    json_object_end(j);
}

static void put_options(struct json_out *j, const struct rfield *f) {
    json_key(j, "enum");
    json_array_(j);
    for (uint32_t i = 0; i < f->option_count; i++)
        json_strz(j, f->options[i]);
    json_array_end(j);
}

static void put_media(struct json_out *j, const struct rfield *f) {
    (void)f;
    text_member(j, "contentMediaType", "application/json");
}

/* -- by kind ----------------------------------------------------------------------------------- */

static const struct form {
    uint32_t kind;
    const char *type, *pattern, *format, *example;
    void (*more)(struct json_out *j, const struct rfield *f);
} forms[] = {
    {KITH_F_TEXT, "string", NULL, NULL, NULL, put_lengths},
    {KITH_F_LONGTEXT, "string", NULL, NULL, NULL, put_lengths},
    {KITH_F_INTEGER, "integer", NULL, NULL, NULL, put_range},
    {KITH_F_DECIMAL, "string", NULL, NULL, "7", put_decimal},
    {KITH_F_MONEY, "string", NULL, NULL, NULL, put_money},
    {KITH_F_BOOLEAN, "boolean", NULL, NULL, NULL, NULL},
    {KITH_F_DATE, "string", NULL, "date", "2026-01-31", NULL},
    {KITH_F_TIME, "string", NULL, "date-time", "2026-01-31T09:00:00Z", NULL},
    {KITH_F_DURATION, "string", "^-?([0-9]+(d|h|ms|m|s))+$", NULL, "1h30m", NULL},
    {KITH_F_CHOICE, "string", NULL, NULL, NULL, put_options},
    {KITH_F_STATE, "string", NULL, NULL, NULL, put_options},
    {KITH_F_LINK, "string", NULL, NULL, NULL, put_link},
    {KITH_F_LINKS, "array", NULL, NULL, NULL, put_texts},
    {KITH_F_EMAIL, "string", "^[^@\\s,;]+@[^@\\s,;]+$", NULL, "ada@example.org", NULL},
    {KITH_F_PHONE, "string", "[0-9].*[0-9].*[0-9]", NULL, "+49 30 123456", NULL},
    {KITH_F_URL, "string", "^\\S+$", NULL, "https://example.org/", NULL},
    {KITH_F_PLACE, "string", "^-?[0-9][0-9.e+-]*,-?[0-9][0-9.e+-]*$", NULL, "52.5,13.4", NULL},
    {KITH_F_JSON, "string", NULL, NULL, "{}", put_media},
    {KITH_F_TAGS, "array", NULL, NULL, NULL, put_texts},
    {KITH_F_SERIES, "string", NULL, NULL, NULL, NULL},
};

void field_schema(struct json_out *j, const struct rfield *f) {
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const struct form *form = &forms[i];
        if (form->kind != f->kind)
            continue;
        text_member(j, "type", form->type);
        text_member(j, "pattern", form->pattern);
        text_member(j, "format", form->format);
        put_example(j, form->example);
        if (form->more)
            form->more(j, f);
    }
}
