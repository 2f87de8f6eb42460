/* SPDX-License-Identifier: Apache-2.0 */
/* Pages: see page.h. */
#include "page.h"

PangoLayout *page_layout(struct pages *p, enum face face, double width, enum side side,
                         const char *text, size_t len) {
    PangoLayout *l = pango_layout_new(p->context);
    const char *end;
    if (!g_utf8_validate(text, (gssize)len, &end)) /* it was cut within a character */
        len = (size_t)(end - text);
    pango_layout_set_font_description(l, p->faces[face]);
    pango_layout_set_width(l, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(l, side == SIDE_RIGHT ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    pango_layout_set_text(l, text, (int)len);
    return l;
}

double page_layout_height(PangoLayout *l) {
    int height;
    pango_layout_get_size(l, NULL, &height);
    return (double)height / PANGO_SCALE;
}

void page_draw(struct pages *p, PangoLayout *l, double x, double y) {
    if (!p->cr)
        return;
    cairo_move_to(p->cr, x, y);
    pango_cairo_show_layout(p->cr, l);
}

double page_put(struct pages *p, enum face face, double x, double y, double width, enum side side,
                const char *text) {
    PangoLayout *l = page_layout(p, face, width, side, text, strlen(text));
    const double height = page_layout_height(l);
    page_draw(p, l, x, y);
    g_object_unref(l);
    return height;
}

void page_rule(struct pages *p, double x, double y, double width, double grey) {
    if (!p->cr)
        return;
    cairo_save(p->cr);
    cairo_set_source_rgb(p->cr, grey, grey, grey);
    cairo_set_line_width(p->cr, 0.5);
    cairo_move_to(p->cr, x, y);
    cairo_line_to(p->cr, x + width, y);
    cairo_stroke(p->cr);
    cairo_restore(p->cr);
}

void page_turn(struct pages *p) {
    p->foot(p);
    if (p->cr)
        cairo_show_page(p->cr);
    p->page++;
    p->y = TOP;
    p->head(p);
    if (p->table)
        p->table(p);
}

void page_need(struct pages *p, double height) {
    if (p->y + height > p->bottom)
        page_turn(p);
}

void page_flow(struct pages *p, PangoLayout *l, double x,
               void (*first)(struct pages *p, double y, void *arg), void *arg) {
    PangoLayoutIter *i = pango_layout_get_iter(l);
    do {
        PangoRectangle at;
        int from, to;
        pango_layout_iter_get_line_yrange(i, &from, &to);
        pango_layout_iter_get_line_extents(i, NULL, &at);
        page_need(p, (double)(to - from) / PANGO_SCALE);
        if (first)
            first(p, p->y, arg);
        first = NULL;
        if (p->cr) {
            cairo_move_to(p->cr, x + (double)at.x / PANGO_SCALE,
                          p->y + (double)(pango_layout_iter_get_baseline(i) - from) / PANGO_SCALE);
            pango_cairo_show_layout_line(p->cr, pango_layout_iter_get_line_readonly(i));
        }
        p->y += (double)(to - from) / PANGO_SCALE;
    } while (pango_layout_iter_next_line(i));
    pango_layout_iter_free(i);
}
