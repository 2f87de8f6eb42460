/* SPDX-License-Identifier: Apache-2.0 */
/* What a module's crash leaves behind: a line that names it and what it was doing. The process ends
 * as it would have; only what a signal handler may do is done. */
#include "plugin/internal.h"
#include <signal.h>
#include <unistd.h>

static void put(const char *text) {
    ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n;
}

static void on_crash(int sig) {
    const struct plugin_context *c = plugin_context();
    if (c) {
        put("kith: the module '");
        put(c->module);
        put("' crashed: ");
        put(c->callback);
        put(*c->event ? " for " : "");
        put(c->event);
        put("; nothing of the transaction is kept\n");
    }
    raise(sig); /* the handler is gone */
}

void plugin_name_crashes(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction name = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND}, before;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(signals[i], &name, NULL); /* a sanitizer has its own */
}
