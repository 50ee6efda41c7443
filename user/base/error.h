/* error.h - the text of the last failure in a thread, for flowtap_error(NULL). */

#ifndef FLOWTAP_ERROR_H
#define FLOWTAP_ERROR_H

/* Returns r. */
int error_set(int r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Never NULL. */
const char *error_text(void);

#endif
