/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: the frame of a query (type, order, limit, aggregate) and the parser's tools.
 * What follows "where" is in query_condition.c. */
#include "base/number.h"
#include "base/text.h"
#include "record/query_internal.h"

#include <string.h>

/* -- tools ------------------------------------------------------------------------------------- */

kith_status query_advance(struct parser *p) {
    p->last = p->token.after;
    p->token = p->ahead;
    return query_lex(p->text, &p->at, p->arena, &p->ahead, p->e);
}

bool query_is_sign(const struct token *t, const char *sign) {
    return t->kind == TOKEN_SIGN && str_eqz(t->text, sign);
}

bool query_is_word(const struct token *t, const char *word) {
    return t->kind == TOKEN_NAME && str_ieqz(t->text, word);
}

kith_status query_expected(struct parser *p, const char *what) {
    const struct token *t = &p->token;
    if (t->kind == TOKEN_END)
        return QUERY_FAIL(p, t->at, "expected %s, but the text ends here", what);
    kith_str found = text_cut((kith_str){p->text.ptr + t->at, t->after - t->at}, 40);
    return QUERY_FAIL(p, t->at, "expected %s, found %.*s", what, (int)found.len, found.ptr);
}

kith_status query_expect_sign(struct parser *p, const char *sign) {
    char what[8] = {'\'', sign[0], '\''};
    return query_is_sign(&p->token, sign) ? query_advance(p) : query_expected(p, what);
}

static uint64_t text_hash(kith_str text) {
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < text.len; i++)
        h = (h ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
    return h;
}

static kith_status check_text(kith_str text, kith_error *e) {
    if (text.len > QUERY_TEXT_MAX)
        return err_set(e, KITH_E_LIMIT, NULL, "the query is longer than %u KiB",
                       QUERY_TEXT_MAX / 1024);
    int64_t bad = text_invalid_at(text);
    if (bad >= 0)
        return query_fail(text, (uint32_t)bad, e, KITH_E_INVAL, "the text is not valid UTF-8");
    const char *nul = text.len ? memchr(text.ptr, '\0', text.len) : NULL;
    if (nul)
        return query_fail(text, (uint32_t)(nul - text.ptr), e, KITH_E_INVAL,
                          "a NUL stands in the text");
    return KITH_OK;
}

kith_status query_begin(struct parser *p, struct query **out, const struct schema *s,
                        struct arena *a, kith_str text, kith_error *e) {
    *out = NULL;
    TRY(check_text(text, e));
    struct query *q = ARENA_NEW(a, struct query);
    *p = (struct parser){.q = q, .arena = a, .e = e, .text = arena_str(a, text)};
    if (!q || !p->text.ptr)
        return err_nomem(e);
    q->schema = s;
    p->scope = &q->root;
    q->limit = -1;
    q->hash = text_hash(text);
    *out = q;
    TRY(query_lex(p->text, &p->at, a, &p->token, e));
    return query_lex(p->text, &p->at, a, &p->ahead, e);
}

/* -- order by, limit, aggregates --------------------------------------------------------------- */

static bool key_nullable(const struct path *path) {
    if (path->from || path->part != PART_ALL)
        return true;
    return path->field && path->field->index != FIELD_CREATED &&
           path->field->index != FIELD_UPDATED;
}

static kith_status parse_key(struct parser *p) {
    struct query *q = p->q;
    struct sort_key *key = &q->keys[q->key_count];
    struct name_list names;
    if (q->key_count == QUERY_KEYS_MAX)
        return query_fail(p->text, p->token.at, p->e, KITH_E_LIMIT, "more than %u keys to sort by",
                          QUERY_KEYS_MAX);
    key->descending = query_is_sign(&p->token, "-");
    if (key->descending)
        TRY(query_advance(p));
    if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_QUOTED)
        return query_expected(p, "a field to sort by");
    TRY(query_term(p, &names));
    TRY(query_path(p, &names, NULL, &key->path));
    if (!query_rule(&key->path)->sorted)
        return QUERY_FAIL(p, key->path.at, "'%.*s' is a %s: nothing can be sorted by it",
                          (int)key->path.text.len, key->path.text.ptr,
                          field_kind_name(key->path.field->kind));
    key->nullable = key_nullable(&key->path);
    q->key_count++;
    return KITH_OK;
}

/* Ties are broken by the id in the direction of the last key, so that one index serves both. What
 * stands behind a key that is the id has no effect. */
static void end_with_id(struct query *q) {
    for (uint32_t i = 0; i < q->key_count; i++)
        if (!q->keys[i].path.field && !q->keys[i].path.from && !q->keys[i].path.part) {
            q->key_count = i + 1;
            return;
        }
    bool descending = q->key_count > 0 && q->keys[q->key_count - 1].descending;
    q->keys[q->key_count++] = (struct sort_key){.path = {.type = q->root.type, .text = STR("id")},
                                                .descending = descending};
}

/* As in other languages of queries. */
static kith_status refuse_direction(struct parser *p) {
    if (query_is_word(&p->token, "desc") || query_is_word(&p->token, "asc"))
        return QUERY_FAIL(p, p->token.at,
                          "from small to large is how records are sorted; '-' before a field turns "
                          "it round: order by -created");
    return KITH_OK;
}

static kith_status parse_order(struct parser *p) {
    if (query_is_word(&p->token, "order")) {
        TRY(query_advance(p));
        if (!query_is_word(&p->token, "by"))
            return query_expected(p, "'by'");
        do {
            TRY(query_advance(p)); /* "by" or "," */
            TRY(parse_key(p));
            TRY(refuse_direction(p));
        } while (query_is_sign(&p->token, ","));
    }
    end_with_id(p->q);
    return KITH_OK;
}

kith_status query_limit_clause(struct parser *p) {
    if (!query_is_word(&p->token, "limit"))
        return KITH_OK;
    TRY(query_advance(p));
    if (p->token.kind == TOKEN_PARAM) {
        uint32_t i;
        TRY(query_param(p, &i));
        p->q->limit = 0; /* there is one */
        p->q->limit_from = i + 1;
        return KITH_OK;
    }
    if (p->token.kind != TOKEN_NUMBER)
        return query_expected(p, "a number of records");
    if (!int_parse(p->token.text, &p->q->limit) || p->q->limit < 0)
        return QUERY_FAIL(p, p->token.at, "a limit is a whole number of records");
    return query_advance(p);
}

/* ": count()", or other totals. Without a space behind the colon it reads as a parameter. */
static kith_status parse_aggregate(struct parser *p, bool plain) {
    struct parser begin = *p;
    if (p->token.kind != TOKEN_PARAM && !query_is_sign(&p->token, ":"))
        return KITH_OK;
    if (p->token.kind != TOKEN_PARAM)
        TRY(query_advance(p));
    bool count = str_ieqz(p->token.text, "count") && query_is_sign(&p->ahead, "(");
    TRY(query_advance(p));
    if (count) {
        TRY(query_advance(p));
        count = query_is_sign(&p->token, ")") && p->ahead.kind == TOKEN_END;
    }
    p->q->counts = count;
    if (count)
        return query_advance(p);
    *p = begin;
    if (!plain)
        return QUERY_FAIL(p, p->token.at,
                          "totals of all records have neither order nor limit; "
                          "group by a field, or leave these out");
    return query_group(p);
}

/* -- a whole query ----------------------------------------------------------------------------- */

static kith_status parse_type(struct parser *p) {
    if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_QUOTED)
        return query_expected(p, "the name of a type, as in: contact where city = 'Bonn'");
    if (str_eqz(p->token.text, "where") || str_eqz(p->token.text, "select") ||
        str_eqz(p->token.text, "SELECT") || str_eqz(p->token.text, "from"))
        return query_fail(p->text, p->token.at, p->e, KITH_E_INVAL,
                          "a query begins with the type of its records: contact where city = "
                          "'Bonn'");
    if (schema_find_type(p->q->schema, text_cut(p->token.text, 60), &p->q->root.type, p->e) !=
        KITH_OK)
        return query_fail_at(p->text, p->token.at, p->e);
    return query_advance(p);
}

kith_status query_parse(struct query **out, const struct schema *s, struct arena *a, kith_str text,
                        kith_error *e) {
    return query_parse_for(out, s, NULL, a, text, e);
}

kith_status query_parse_for(struct query **out, const struct schema *s,
                            const struct principal *principal, struct arena *a, kith_str text,
                            kith_error *e) {
    struct parser p;
    struct query *q;
    *out = NULL;
    TRY(query_begin(&p, &q, s, a, text, e));
    p.principal = principal;
    p.params = true;
    TRY(parse_type(&p));
    if (query_is_word(&p.token, "where")) {
        TRY(query_advance(&p));
        TRY(query_condition(&p, false, &q->root.where));
    }
    bool asked = q->root.where != NULL;
    TRY(query_leave_out(&p, &q->root));
    if (query_is_word(&p.token, "group"))
        TRY(query_group(&p));
    TRY(parse_order(&p));
    TRY(query_limit_clause(&p));
    TRY(parse_aggregate(&p, q->key_count == 1 && q->limit < 0));
    if (p.token.kind != TOKEN_END)
        return query_expected(&p, asked || q->key_count > 1 || q->limit >= 0
                                      ? "'and', 'or', 'order by', 'limit' or the end"
                                      : "'where', 'order by', 'limit' or the end");
    *out = q;
    return KITH_OK;
}
