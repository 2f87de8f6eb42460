/* SPDX-License-Identifier: Apache-2.0 */
/* What stands where on a paper: the company's head, who it is for, facts beside that, a title,
 * text, a table of lines with its head on each page, sums, terms, and the company's foot. */
#include "page.h"

#include <cairo-pdf.h>
#include <stdlib.h>

#define GAP     14.0
#define ROW_PAD 3.0
#define GREY    0.75

struct paper_pages {
    const struct paper *paper;
    double inner;                                    /* between the margins */
    double item, quantity, price, less, rate, total; /* widths of columns; 0: there is none */
    const struct paper_line *line;                   /* that is under way */
    char title[TEXT_ROOM];
};

static struct paper_pages *of(struct pages *p) {
    return p->arg;
}

/* -- words --------------------------------------------------------------------------------------
 */

/* A setting's texts, or a text, as lines. */
static void join(const kith_value *v, const char *sep, char out[TEXT_ROOM]) {
    size_t n = 0;
    out[0] = '\0';
    const uint64_t count = v->kind == KITH_LIST ? v->as.list.count : v->kind == KITH_TEXT;
    for (uint64_t i = 0; i < count && n < TEXT_ROOM; i++) {
        const kith_str s = v->kind == KITH_LIST ? v->as.list.items[i].as.s : v->as.s;
        n += (size_t)snprintf(out + n, TEXT_ROOM - n, "%s%.*s", i ? sep : "", KITH_CHARS(s));
    }
}

static const char *label(const struct pages *p, enum label which) {
    return p->self->words[which].ptr; /* it ends with a NUL, as texts of settings do */
}

static const char *money(const struct pages *p, int64_t minor, char out[TEXT_ROOM]) {
    const struct paper *paper = ((const struct paper_pages *)p->arg)->paper;
    word_amount(p->self, minor, paper->digits, out);
    return out;
}

/* -- head and foot of a page --------------------------------------------------------------------
 */

static void later_head(struct pages *p) {
    struct paper_pages *pp = of(p);
    char name[TEXT_ROOM];
    join(&p->self->set.name, "", name);
    const double left = page_put(p, FACE_SMALL, MARGIN, p->y, pp->inner / 2, SIDE_LEFT, name);
    page_put(p, FACE_SMALL, MARGIN + pp->inner / 2, p->y, pp->inner / 2, SIDE_RIGHT, pp->title);
    p->y += left + 4;
    page_rule(p, MARGIN, p->y, pp->inner, GREY);
    p->y += GAP;
}

static void foot(struct pages *p) {
    struct paper_pages *pp = of(p);
    char left[TEXT_ROOM], bank[TEXT_ROOM], number[TEXT_ROOM], text[TEXT_ROOM * 3], page[12],
        pages[12];
    const double y = p->bottom + GAP, third = pp->inner / 3;
    join(&p->self->set.name, "", left);
    join(&p->self->set.tax_number, "", number);
    join(&p->self->set.bank, "\n", bank);
    (void)snprintf(text, sizeof text, "%s%s%s%s%s", left, *number ? "\n" : "",
                   *number ? label(p, LABEL_tax_number) : "", *number ? " " : "", number);
    page_rule(p, MARGIN, y - 4, pp->inner, GREY);
    page_put(p, FACE_SMALL, MARGIN, y, third - 8, SIDE_LEFT, text);
    page_put(p, FACE_SMALL, MARGIN + third, y, third, SIDE_LEFT, bank);
    (void)snprintf(page, sizeof page, "%d", p->page);
    (void)snprintf(pages, sizeof pages, "%d", p->pages);
    word_fill(p->self, LABEL_page, (const char *const[]){"page", page, "pages", pages, NULL}, text);
    page_put(p, FACE_SMALL, MARGIN + 2 * third, y, third, SIDE_RIGHT, text);
}

static double foot_height(struct pages *p) {
    char text[TEXT_ROOM];
    join(&p->self->set.bank, "\n", text);
    PangoLayout *l = page_layout(p, FACE_SMALL, of(p)->inner / 3, SIDE_LEFT, text, strlen(text));
    const double bank = page_layout_height(l), two = 2 * bank / pango_layout_get_line_count(l);
    g_object_unref(l);
    return (bank > two ? bank : two) + GAP;
}

/* -- the first page -----------------------------------------------------------------------------
 */

static void company(struct pages *p) {
    struct paper_pages *pp = of(p);
    char text[TEXT_ROOM];
    double right = 0;
    join(&p->self->set.name, "", text);
    const double left = page_put(p, FACE_NAME, MARGIN, p->y, pp->inner * 0.6, SIDE_LEFT, text);
    const kith_value *const lists[] = {&p->self->set.address, &p->self->set.contact};
    for (size_t i = 0; i < 2; i++) {
        join(lists[i], "\n", text);
        if (*text)
            right += page_put(p, FACE_SMALL, MARGIN + pp->inner * 0.6, p->y + right,
                              pp->inner * 0.4, SIDE_RIGHT, text) +
                     3;
    }
    p->y += left > right ? left : right;
}

static double addressee(struct pages *p, double y) {
    const struct paper *paper = of(p)->paper;
    double at = y;
    for (size_t i = 0; i < paper->to_count; i++)
        at += page_put(p, FACE_PLAIN, MARGIN, at, of(p)->inner * 0.52, SIDE_LEFT, paper->to[i]);
    return at;
}

static double fact(struct pages *p, double y, const char *name, const char *told) {
    struct paper_pages *pp = of(p);
    const kith_str words = word_of(p->self, kith_str_of(name));
    const double x = MARGIN + pp->inner * 0.58, half = pp->inner * 0.21;
    char text[TEXT_ROOM];
    (void)snprintf(text, sizeof text, "%.*s", KITH_CHARS(words));
    const double left = page_put(p, FACE_PLAIN, x, y, half - 4, SIDE_LEFT, text);
    word_plain(p->self, told, text);
    const double right = page_put(p, FACE_PLAIN, x + half, y, half, SIDE_RIGHT, text);
    return left > right ? left : right;
}

static void begin(struct pages *p) {
    struct paper_pages *pp = of(p);
    const struct paper *paper = pp->paper;
    company(p);
    p->y = (p->y < 96 ? 96 : p->y) + 2 * GAP;
    double left = addressee(p, p->y), right = p->y;
    if (*paper->date)
        right += fact(p, right, "date", paper->date);
    for (size_t i = 0; i < paper->fact_count; i++)
        right += fact(p, right, paper->facts[i].label, paper->facts[i].value);
    p->y = (left > right ? left : right) + 2 * GAP;
    p->y += page_put(p, FACE_TITLE, MARGIN, p->y, pp->inner, SIDE_LEFT, pp->title) + GAP;
}

static void text(struct pages *p, const char *what, enum face face) {
    if (!*what)
        return;
    PangoLayout *l = page_layout(p, face, of(p)->inner, SIDE_LEFT, what, strlen(what));
    page_flow(p, l, MARGIN, NULL, NULL);
    g_object_unref(l);
    p->y += GAP;
}

/* -- the table ----------------------------------------------------------------------------------
 */

static void set_widths(struct pages *p) {
    struct paper_pages *pp = of(p);
    const struct paper *paper = pp->paper;
    pp->quantity = 62;
    pp->price = pp->total = 82;
    for (size_t i = 0; i < paper->line_count; i++) {
        if (strtod(paper->lines[i].discount, NULL) != 0)
            pp->less = 54;
        if (*paper->lines[i].rate)
            pp->rate = 44;
    }
    pp->item = pp->inner - pp->quantity - pp->price - pp->less - pp->rate - pp->total;
}

/* The cells behind the first: one line each, to the right. */
static double cells(struct pages *p, enum face face, double y, const char *const words[5]) {
    const struct paper_pages *pp = of(p);
    const double widths[] = {pp->quantity, pp->price, pp->less, pp->rate, pp->total};
    double x = MARGIN + pp->item, most = 0;
    for (size_t i = 0; i < 5; i++) {
        if (widths[i] > 0 && *words[i]) {
            const double h = page_put(p, face, x + 4, y, widths[i] - 4, SIDE_RIGHT, words[i]);
            most = h > most ? h : most;
        }
        x += widths[i];
    }
    return most;
}

static void table_head(struct pages *p) {
    const struct paper_pages *pp = of(p);
    const char *const words[] = {label(p, LABEL_quantity), label(p, LABEL_price),
                                 label(p, LABEL_discount), label(p, LABEL_rate),
                                 label(p, LABEL_amount)};
    const double first =
        page_put(p, FACE_BOLD, MARGIN, p->y, pp->item, SIDE_LEFT, label(p, LABEL_item));
    const double others = cells(p, FACE_BOLD, p->y, words);
    p->y += (first > others ? first : others) + ROW_PAD;
    page_rule(p, MARGIN, p->y, pp->inner, 0);
    p->y += ROW_PAD;
}

static void line_cells(struct pages *p, double y, void *arg) {
    const struct paper_pages *pp = of(p);
    const struct paper_line *l = arg;
    char quantity[TEXT_ROOM], price[TEXT_ROOM], less[TEXT_ROOM], rate[TEXT_ROOM], total[TEXT_ROOM];
    word_plain(p->self, l->quantity, quantity);
    word_plain(p->self, l->discount, less);
    word_plain(p->self, l->rate, rate);
    strcat(less, strtod(l->discount, NULL) != 0 ? " %" : "");
    strcat(rate, *rate ? " %" : "");
    const char *const words[] = {quantity, money(p, l->price, price),
                                 strtod(l->discount, NULL) != 0 ? less : "", rate,
                                 money(p, pp->paper->within ? l->total : l->net, total)};
    cells(p, FACE_PLAIN, y, words);
}

/* What it is, and below its code. */
static PangoLayout *item_of(struct pages *p, const struct paper_line *l) {
    const size_t len = strlen(l->text), code = strlen(l->code);
    char *both = malloc(len + code + 2);
    if (!both)
        return NULL;
    (void)sprintf(both, "%s%s%s", l->text, len && code ? "\n" : "", l->code);
    PangoLayout *out = page_layout(p, FACE_PLAIN, of(p)->item - 6, SIDE_LEFT, both, strlen(both));
    if (code) {
        PangoAttrList *list = pango_attr_list_new();
        PangoAttribute *a = pango_attr_foreground_new(0x6000, 0x6000, 0x6000);
        a->start_index = (guint)(len + (len > 0));
        pango_attr_list_insert(list, a);
        pango_layout_set_attributes(out, list);
        pango_attr_list_unref(list);
    }
    free(both);
    return out;
}

static int table(struct pages *p) {
    struct paper_pages *pp = of(p);
    const struct paper *paper = pp->paper;
    if (!paper->line_count)
        return 1;
    set_widths(p);
    page_need(p, 60);
    table_head(p);
    p->table = table_head;
    for (size_t i = 0; i < paper->line_count; i++) {
        struct paper_line *l = &paper->lines[i];
        PangoLayout *item = item_of(p, l);
        if (!item)
            return 0;
        if (pango_layout_get_line_count(item) <= 6) /* a longer one may part */
            page_need(p, page_layout_height(item));
        page_flow(p, item, MARGIN, line_cells, l);
        g_object_unref(item);
        p->y += ROW_PAD;
        page_rule(p, MARGIN, p->y, pp->inner, 0.88);
        p->y += ROW_PAD;
    }
    p->table = NULL;
    return 1;
}

/* -- sums ---------------------------------------------------------------------------------------
 */

static void sum(struct pages *p, enum face face, const char *what, int64_t minor) {
    const struct paper_pages *pp = of(p);
    char amount[TEXT_ROOM];
    const double x = MARGIN + pp->inner * 0.45, width = pp->inner * 0.55;
    (void)money(p, minor, amount);
    (void)snprintf(amount + strlen(amount), TEXT_ROOM - strlen(amount), " %s", pp->paper->currency);
    const double h = page_put(p, face, x, p->y, width * 0.6, SIDE_LEFT, what);
    const double v = page_put(p, face, x + width * 0.6, p->y, width * 0.4, SIDE_RIGHT, amount);
    p->y += (h > v ? h : v) + 2;
}

static void taxes(struct pages *p, enum label which) {
    const struct paper *paper = of(p)->paper;
    char rate[TEXT_ROOM], net[TEXT_ROOM], words[TEXT_ROOM];
    for (size_t i = 0; i < paper->rate_count; i++) {
        const struct paper_rate *r = &paper->rates[i];
        word_plain(p->self, *r->rate ? r->rate : "0", rate);
        word_fill(p->self, which,
                  (const char *const[]){"rate", rate, "net", money(p, r->net, net), NULL}, words);
        sum(p, FACE_PLAIN, words, r->tax);
    }
}

static void sums(struct pages *p) {
    const struct paper_pages *pp = of(p);
    const struct paper *paper = pp->paper;
    if (!paper->line_count)
        return;
    page_need(p, 16.0 * (double)(paper->rate_count + 3));
    p->y += ROW_PAD;
    if (paper->rate_count && !paper->within) {
        sum(p, FACE_PLAIN, label(p, LABEL_net), paper->net);
        taxes(p, LABEL_tax);
    }
    page_rule(p, MARGIN + pp->inner * 0.45, p->y, pp->inner * 0.55, 0);
    p->y += ROW_PAD;
    sum(p, FACE_BOLD, label(p, LABEL_total), paper->total);
    if (paper->within)
        taxes(p, LABEL_tax_within);
    p->y += GAP;
}

static int lay_out(struct pages *p) {
    const struct paper *paper = of(p)->paper;
    char end[TEXT_ROOM];
    p->page = 1;
    p->y = TOP;
    p->table = NULL;
    begin(p);
    text(p, paper->intro, FACE_PLAIN);
    if (!table(p))
        return 0;
    sums(p);
    if (*paper->terms) {
        page_need(p, 40);
        text(p, label(p, LABEL_terms), FACE_BOLD);
        p->y -= GAP - 2;
        text(p, paper->terms, FACE_PLAIN);
    }
    (void)snprintf(end, sizeof end, "%s_end", paper->kind);
    if (word_named(kith_str_of(end)) >= 0)
        text(p, label(p, (enum label)word_named(kith_str_of(end))), FACE_PLAIN);
    foot(p);
    return 1;
}

/* -- the file -----------------------------------------------------------------------------------
 */

static cairo_status_t keep(void *arg, const unsigned char *data, unsigned len) {
    struct bytes *b = arg;
    if (b->len + len > b->room) {
        const size_t room = (b->len + len) * 2;
        unsigned char *more = realloc(b->ptr, room);
        if (!more)
            return CAIRO_STATUS_NO_MEMORY;
        b->ptr = more;
        b->room = room;
    }
    memcpy(b->ptr + b->len, data, len);
    b->len += len;
    return CAIRO_STATUS_SUCCESS;
}

/* Of its own day, so that it is the same whenever it is made. */
static void describe(cairo_surface_t *pdf, const struct pages *p, const struct paper_pages *pp) {
    char name[TEXT_ROOM], at[TEXT_ROOM];
    join(&p->self->set.name, "", name);
    (void)snprintf(at, sizeof at, "%.10sT00:00:00Z",
                   *pp->paper->date ? pp->paper->date : "1970-01-01");
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE, pp->title);
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_AUTHOR, name);
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATE_DATE, at);
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_MOD_DATE, at);
}

static void set_faces(struct pages *p) {
    static const double sizes[FACES] = {9.5, 7.5, 9.5, 16, 13};
    const kith_str font = p->self->set.font.as.s;
    char families[TEXT_ROOM];
    (void)snprintf(families, sizeof families, "%.*s", KITH_CHARS(font));
    for (int i = 0; i < FACES; i++) {
        p->faces[i] = pango_font_description_new();
        pango_font_description_set_family(p->faces[i], families);
        pango_font_description_set_absolute_size(p->faces[i], sizes[i] * PANGO_SCALE);
        if (i >= FACE_BOLD)
            pango_font_description_set_weight(p->faces[i], PANGO_WEIGHT_BOLD);
    }
}

/* The map of fonts is not that of the thread, which would keep what it has read for as long as the
 * thread lives. Nothing is fitted to the dots of a screen. */
static PangoContext *new_context(void) {
    PangoFontMap *map = pango_cairo_font_map_new();
    PangoContext *c = pango_font_map_create_context(map); /* keeps the map */
    g_object_unref(map);
    cairo_font_options_t *o = cairo_font_options_create();
    cairo_font_options_set_hint_style(o, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(o, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(c, o);
    pango_context_set_round_glyph_positions(c, FALSE);
    cairo_font_options_destroy(o);
    return c;
}

static kith_status draw(struct pages *p, struct paper_pages *pp, struct bytes *out,
                        kith_error *err) {
    cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(keep, out, p->width, p->height);
    describe(pdf, p, pp);
    p->cr = cairo_create(pdf);
    pango_cairo_update_context(p->cr, p->context);
    int done = lay_out(p);
    cairo_show_page(p->cr);
    cairo_destroy(p->cr);
    cairo_surface_finish(pdf);
    const cairo_status_t status = cairo_surface_status(pdf);
    cairo_surface_destroy(pdf);
    if (done && status == CAIRO_STATUS_SUCCESS)
        return KITH_OK;
    return kith_fail(err, KITH_E_INTERNAL, NULL, "the paper could not be drawn: %s",
                     done ? cairo_status_to_string(status) : "no memory");
}

kith_status paper_render(const kith_instance *self, const struct paper *paper, struct bytes *out,
                         kith_error *err) {
    const int letter = kith_is(self->set.paper, "letter");
    struct paper_pages pp = {.paper = paper};
    struct pages p = {.self = self,
                      .context = new_context(),
                      .width = letter ? 612 : 595.276,
                      .height = letter ? 792 : 841.89,
                      .arg = &pp,
                      .head = later_head,
                      .foot = foot};
    const kith_str kind = word_of(self, kith_str_of(paper->kind));
    (void)snprintf(pp.title, sizeof pp.title, "%.*s%s%s", KITH_CHARS(kind),
                   kind.len && *paper->number ? " " : "", paper->number);
    pp.inner = p.width - 2 * MARGIN;
    set_faces(&p);
    p.bottom = p.height - 36 - foot_height(&p);
    kith_status st = lay_out(&p) ? KITH_OK : KITH_E_NOMEM;
    p.pages = p.page;
    if (st == KITH_OK)
        st = draw(&p, &pp, out, err);
    for (int i = 0; i < FACES; i++)
        pango_font_description_free(p.faces[i]);
    g_object_unref(p.context);
    return st;
}
