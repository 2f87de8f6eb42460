/* SPDX-License-Identifier: Apache-2.0 */
/* Wire: frames over the company's socket, kith.sock: one byte of type, four bytes of length (little
 * endian), the payload. The client speaks first with FRAME_HELLO and FRAME_RUN; then the server
 * runs the command and asks the client for whatever it wants from the client's side: output, files,
 * patience.
 *
 * FRAME_HELLO and FRAME_REFUSED are the same in every version of the protocol, so that two versions
 * can always tell each other what is wrong. */
#ifndef CLI_WIRE_H
#define CLI_WIRE_H

#include "base/err.h"
#include "base/str.h"

#define WIRE_VERSION 3u
#define WIRE_MAX     (4u << 20) /* bytes of a payload: a command line is at most 2 MiB on Linux */
#define WIRE_CHUNK   65536u     /* bytes of file content in one frame */

enum frame {
    FRAME_HELLO = 'H', /* both: u32 version, then the program's version as text                  */
    FRAME_REFUSED = 'N', /* server: a sentence; the end */
    FRAME_RUN = 'R',     /* client: NUL-ended texts: columns, "1" for colour, actor, working folder,
                            sort of proof, proof, new password, arguments                        */
    FRAME_CANCEL = 'X', /* client: Ctrl-C                                                         */
    FRAME_ALIVE = 'A',  /* client: still there, waiting for its own input                         */
    FRAME_OUT = '1',    /* server: for standard output                                            */
    FRAME_ERR = '2',    /* server: for standard error                                             */
    FRAME_PROGRESS = 'P', /* server: the progress line */
    FRAME_EXIT = 'E',  /* server: u8 exit code; the end                                          */
    FRAME_OPEN = 'O',  /* server: one of io_letters, path   -> FRAME_DONE (u8 file) or FAIL      */
    FRAME_READ = 'G',  /* server: u8 file, u32 bytes wanted -> FRAME_DATA (empty: end) or FAIL   */
    FRAME_PUT = 'W',   /* server: u8 file, bytes            -> FRAME_DONE or FAIL                */
    FRAME_CLOSE = 'C', /* server: u8 file, u8 keep          -> FRAME_DONE or FAIL                */
    FRAME_DONE = 'D',
    FRAME_DATA = 'F',
    FRAME_FAIL = '!', /* client: u32 minus the status, then a sentence */
};

extern const char io_letters[]; /* by enum io_open */

struct wire {
    int fd;
    struct buf in; /* the newest payload */
};

void wire_open(struct wire *w, int fd, int64_t send_timeout_ms); /* takes the descriptor over */
void wire_close(struct wire *w);
/* KITH_E_IO: the other side is gone or does not read. */
kith_status wire_send(struct wire *w, enum frame type, kith_str payload, kith_error *e);
/* A payload in two parts. */
kith_status wire_send2(struct wire *w, enum frame type, kith_str head, kith_str tail,
                       kith_error *e);
/* The payload lives until the next call. KITH_E_LIMIT: nothing whole came in time; KITH_E_IO: the
 * other side is gone; KITH_E_INVAL: not a frame. */
kith_status wire_recv(struct wire *w, int64_t timeout_ms, uint8_t *type, kith_str *payload,
                      kith_error *e);
bool wire_ready(const struct wire *w); /* something came, or the other side is gone */

kith_status wire_hello(struct wire *w, kith_error *e);
/* KITH_E_UNSUPPORTED: another version; the sentence names both. */
kith_status wire_check_hello(uint8_t type, kith_str payload, const char *who, kith_error *e);

void wire_u32(char out[4], uint32_t n);
uint32_t wire_u32_of(const char in[4]);

/* -- the socket file --------------------------------------------------------------------------- */

/* In the company's folder. A path of a socket address ends at 107 bytes, so both go through
 * /proc/self/fd of the opened folder, which makes every folder's path short. */
kith_status sock_listen(const char *dir, int *fd,
                        kith_error *e); /* mode 0600; replaces a stale one */
/* *fd -1 and KITH_OK: nobody listens. KITH_E_DENIED: the socket is not the owner's. */
kith_status sock_connect(const char *dir, int *fd, kith_error *e);
void sock_remove(const char *dir);
/* Is the one at the other end the same user as we, or root (for a client that is root: the owner of
 * the folder)? */
bool sock_peer_trusted(int fd, uint32_t also_uid);

#endif
