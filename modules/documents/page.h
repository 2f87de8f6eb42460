/* SPDX-License-Identifier: Apache-2.0 */
/* Pages, and text that flows over them. Everything is laid out twice: first without drawing, to
 * know how many pages there are. Units are points. */
#ifndef DOCUMENTS_PAGE_H
#define DOCUMENTS_PAGE_H

#include "documents.h"

#include <pango/pangocairo.h>

enum face { FACE_PLAIN, FACE_SMALL, FACE_BOLD, FACE_TITLE, FACE_NAME, FACES };
enum side { SIDE_LEFT, SIDE_RIGHT };

#define MARGIN 51.0
#define TOP    48.0 /* of what stands on a page */

struct pages {
    const kith_instance *self;
    cairo_t *cr; /* NULL: nothing is drawn */
    PangoContext *context;
    PangoFontDescription *faces[FACES];
    double width, height, bottom; /* of the sheet; where its foot begins */
    double y;                     /* where the next line begins */
    int page, pages;              /* pages 0: not known yet */
    void *arg;
    void (*head)(struct pages *p); /* of every page but the first */
    void (*foot)(struct pages *p);
    void (*table)(struct pages *p); /* the head of the table that is under way; or NULL */
};

/* A text of one paragraph or more, in lines of that width. The caller frees it. */
PangoLayout *page_layout(struct pages *p, enum face face, double width, enum side side,
                         const char *text, size_t len);
double page_layout_height(PangoLayout *l);
/* Draws it at a place that is not checked. */
void page_draw(struct pages *p, PangoLayout *l, double x, double y);
/* One text at a place; gives the height. */
double page_put(struct pages *p, enum face face, double x, double y, double width, enum side side,
                const char *text);
/* Goes on with the next page unless so much has room on this one, or it is at its top. */
void page_need(struct pages *p, double height);
/* Lets a layout flow, line by line, over as many pages as it takes. first: for its first line,
 * where that begins; or NULL. */
void page_flow(struct pages *p, PangoLayout *l, double x,
               void (*first)(struct pages *p, double y, void *arg), void *arg);
void page_rule(struct pages *p, double x, double y, double width, double grey);
void page_turn(struct pages *p);

#endif
