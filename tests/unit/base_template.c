/* SPDX-License-Identifier: Apache-2.0 */
/* Text templates, with values from JSON. */
#include "base/err.h"
#include "base/str.h"
#include "base/template.h"
#include "test.h"

#include <jansson.h>
#include <string.h>

struct values {
    const json_t *held[TEMPLATE_DEPTH_MAX * 2 + 4];
    size_t count;
    char number[32];
};

static kith_status find_value(void *arg, kith_str name, kith_str format, struct template_value *out,
                              kith_error *e) {
    struct values *v = arg;
    const json_t *found = NULL;
    kith_str rest = name, part;
    size_t at = v->count;
    if (format.len)
        return err_set(e, KITH_E_INVAL, NULL, "no form '%.*s'", (int)format.len, format.ptr);
    if (str_eqz(name, "."))
        found = v->held[v->count - 1];
    str_split(&rest, '.', &part);
    while (!found && at > 0)
        found = json_object_getn(v->held[--at], part.ptr, part.len);
    if (!found && str_eqz(name, "unknown"))
        return err_set(e, KITH_E_INVAL, NULL, "there is no 'unknown'");
    while (found && str_split(&rest, '.', &part))
        found = json_object_getn(found, part.ptr, part.len);
    v->held[v->count++] = found;
    *out = (struct template_value){.kind = TEMPLATE_NOTHING};
    if (json_is_string(found) && json_string_length(found)) {
        out->kind = TEMPLATE_TEXT;
        out->text = str_of(json_string_value(found));
    } else if (json_is_integer(found)) {
        snprintf(v->number, sizeof v->number, "%lld", (long long)json_integer_value(found));
        out->kind = TEMPLATE_TEXT;
        out->text = str_of(v->number);
    } else if (json_is_array(found)) {
        out->kind = TEMPLATE_LIST;
        out->count = json_array_size(found);
    } else if (json_is_object(found) || json_is_true(found)) {
        out->kind = TEMPLATE_THING;
    }
    return KITH_OK;
}

static kith_status hold_item(void *arg, uint64_t i, kith_error *e) {
    struct values *v = arg;
    (void)e;
    const json_t *item = json_array_get(v->held[v->count - 1], i);
    v->held[v->count++] = item;
    return KITH_OK;
}

static void let_go(void *arg) {
    struct values *v = arg;
    EXPECT(v->count > 1);
    v->count--;
}

static char shown[4096];

static const char *render_as(bool html, const char *text, const char *json) {
    kith_error e = KITH_ERROR_INIT;
    struct buf out = {0};
    json_t *root = json_loads(json, 0, NULL);
    EXPECT(root != NULL);
    struct values v = {.held = {root}, .count = 1};
    const struct template_source source = {&v, find_value, hold_item, let_go};
    kith_status st = template_render(str_of(text), html, &source, &out, &e);
    EXPECT(st != KITH_OK || v.count == 1);
    snprintf(shown, sizeof shown, "%.*s", st == KITH_OK ? (int)out.len : 4000,
             st == KITH_OK ? (out.ptr ? out.ptr : "") : e.message);
    EXPECT(st == KITH_OK || st == KITH_E_INVAL || st == KITH_E_LIMIT);
    buf_free(&out);
    json_decref(root);
    return shown;
}
#define EXPECT_RENDER(wanted, text, json) EXPECT_STR(wanted, render_as(false, text, json))
#define EXPECT_HTML(wanted, text, json)   EXPECT_STR(wanted, render_as(true, text, json))

TEST("values stand where their names stood") {
    EXPECT_RENDER("Dear Ada!", "Dear {{name}}!", "{\"name\": \"Ada\"}");
    EXPECT_RENDER("7 of Ada, ", "{{ n }} of {{a.b.name}}, {{a.x}}",
                  "{\"n\": 7, \"a\": {\"b\": {\"name\": \"Ada\"}}}");
    EXPECT_RENDER("", "", "{}");
    EXPECT_RENDER("no { tag } and }}", "no { tag } and }}", "{}");
    EXPECT_RENDER("a  b", "a {{! a remark, with {{ in it }} b", "{}");
}

TEST("in HTML a value cannot become code, unless it is meant to") {
    EXPECT_HTML("&lt;b&gt; &amp; &quot;&#39;", "{{x}}", "{\"x\": \"<b> & \\\"'\"}");
    EXPECT_HTML("<b>", "{{{x}}}", "{\"x\": \"<b>\"}");
    EXPECT_RENDER("<b>", "{{x}}", "{\"x\": \"<b>\"}");
}

TEST("a part comes once for each item, and its other side when there is none") {
    const char *list = "{{#tasks}}- {{title}} of {{who}}\n{{/tasks}}{{^tasks}}nothing{{/tasks}}";
    EXPECT_RENDER("- a of Ada\n- b of Bob\n", list,
                  "{\"who\": \"Ada\", \"tasks\": [{\"title\": \"a\"},"
                  " {\"title\": \"b\", \"who\": \"Bob\"}]}");
    EXPECT_RENDER("nothing", list, "{\"tasks\": []}");
    EXPECT_RENDER("nothing", list, "{}");
    EXPECT_RENDER("x y ", "{{#tags}}{{.}} {{/tags}}", "{\"tags\": [\"x\", \"y\"]}");
    EXPECT_RENDER("[[1][2]][[3]]", "{{#rows}}[{{#.}}[{{.}}]{{/.}}]{{/rows}}",
                  "{\"rows\": [[1, 2], [3]]}");
}

TEST("a part of a value comes once, with its parts at hand") {
    EXPECT_RENDER("Ada of Acme", "{{#contact}}{{name}} of {{account.name}}{{/contact}}",
                  "{\"contact\": {\"name\": \"Ada\", \"account\": {\"name\": \"Acme\"}}}");
    EXPECT_RENDER("yes", "{{#urgent}}yes{{/urgent}}{{^urgent}}no{{/urgent}}", "{\"urgent\": true}");
    EXPECT_RENDER("no", "{{#urgent}}yes{{/urgent}}{{^urgent}}no{{/urgent}}", "{\"urgent\": false}");
    EXPECT_RENDER("", "{{#a}}{{#b}}{{unknown}}{{/b}}{{unknown}}{{/a}}", "{}");
}

TEST("a tag that stands alone on its line takes the line with it") {
    EXPECT_RENDER("Open:\n- a\n- b\nRegards\n",
                  "Open:\n{{#t}}\n- {{.}}\n{{/t}}\n  {{! none }}\nRegards\n",
                  "{\"t\": [\"a\", \"b\"]}");
    EXPECT_RENDER("a\r\nb\r\n", "{{#x}}\r\na\r\n{{/x}}\r\nb\r\n", "{\"x\": 1}");
    EXPECT_RENDER("1\n", "{{x}}\n", "{\"x\": 1}");
    EXPECT_RENDER("a b\n", "a {{#x}}b{{/x}}\n", "{\"x\": 1}");
}

TEST("what is wrong is named with its line and what to write") {
    EXPECT_RENDER("line 2: a tag begins with {{ and ends nowhere: write }} behind it", "\n{{name",
                  "{}");
    EXPECT_RENDER("line 1: a tag begins with {{ and ends nowhere: write }}} behind it", "{{{name}}",
                  "{}");
    EXPECT_RENDER("line 1: '{{a-b}}' names no value: write {{contact.name}}", "{{a-b}}", "{}");
    EXPECT_RENDER("line 1: '{{}}' names no value: write {{contact.name}}", "{{}}", "{}");
    EXPECT_RENDER("line 3: {{#a}} ends nowhere: write {{/a}}", "\n\n{{#a}}b", "{\"a\": 1}");
    EXPECT_RENDER("line 1: {{/b}} stands where {{/a}} must", "{{#a}}{{/b}}", "{}");
    EXPECT_RENDER("line 1: {{/b}} ends a part that has not begun", "x{{/b}}", "{}");
    EXPECT_RENDER("line 2: there is no 'unknown'", "\n{{unknown}}", "{}");
    EXPECT_RENDER("line 1: no form '%Y'", "{{a | %Y}}", "{}");
    EXPECT_RENDER("line 1: 'a' is no text but has parts: write {{#a}} or a part", "{{a}}",
                  "{\"a\": {\"b\": 1}}");
}

TEST("a template is checked without values") {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(template_check(STR("{{#a}}{{b.c | %Y}}{{^d}}{{/d}}{{/a}}"), &e), e);
    EXPECT_INT(KITH_E_INVAL, template_check(STR("{{#a}}{{b"), &e));
    EXPECT_STR("line 1: a tag begins with {{ and ends nowhere: write }} behind it", e.message);
}

TEST("depth and length are bounded") {
    char deep[400] = "";
    for (int i = 0; i < TEMPLATE_DEPTH_MAX + 1; i++)
        strcat(deep, "{{#a}}");
    EXPECT_RENDER("line 1: parts in parts go more than 16 deep", deep, "{\"a\": true}");
    char wide[300] = "";
    for (int i = 0; i < 5; i++)
        strcat(wide, "{{#l}}");
    strcat(wide, "0123456789");
    for (int i = 0; i < 5; i++)
        strcat(wide, "{{/l}}");
    EXPECT_RENDER("line 1: the text is longer than 4 MiB", wide,
                  "{\"l\": [1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6]}");
}
