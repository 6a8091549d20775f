/* SPDX-License-Identifier: MIT */
/* Status codes: the one vocabulary of success and failure on every C boundary of Ambit.
 *
 * Zero means done, positive means "not yet", negative means failed. The list only grows;
 * numbers are never reused, since providers built against an older header go on using
 * theirs. */
#ifndef AMBIT_STATUS_H
#define AMBIT_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t amb_status;

enum {
    AMB_OK = 0,
    AMB_PENDING = 1, /* a reply follows later, through the call's ticket */
    AMB_WOULD_BLOCK =
        2, /* nothing happened yet: run the operation again where it may block */

    AMB_E_ARG = -1,    /* an argument has the wrong type, count or value */
    AMB_E_RIGHTS = -2, /* the handle lacks a right the operation needs */
    AMB_E_STALE = -3,  /* the handle was closed or revoked, or the name is not current */
    AMB_E_NOSYS = -4,  /* no such operation, or this system cannot do it */
    AMB_E_NOMEM = -5,  /* out of memory; the VM stays usable */
    AMB_E_IO = -6,     /* the operating system said no; an errno goes with it */
    AMB_E_CANCELED = -7,
    AMB_E_TIMEOUT = -8,
    AMB_E_DIED = -9, /* the provider is gone; the operation may have been executed */
    AMB_E_BUSY = -10,
    AMB_E_QUOTA = -11, /* a limit on this handle (calls, bytes) is used up */
    AMB_E_EOF = -12,   /* end of stream, or of a `next` sequence */
    AMB_E_MOVED =
        -13, /* quiescing: nothing happened, the call is issued again after a swap */

    AMB_E_THROW = -20, /* a script error is pending; ask for it with amb_last_error */
    AMB_E_LIMIT =
        -21, /* memory, fuel, deadline or stack limit: the run is over, no handler runs */
    AMB_E_COMPILE = -22 /* the source was not accepted; diagnostics were delivered */
};

#ifdef __cplusplus
}
#endif
#endif
