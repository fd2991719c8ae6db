#include <zmq.h>
#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/* Names the calling thread; the kernel keeps 15 bytes. prctl is variadic, which Swift can't import. */
static inline void czeromq_name_thread(const char *name) { (void)prctl(PR_SET_NAME, name, 0, 0, 0); }

/* Stable in the library since 4.3.0, but declared in the draft part of the header only. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif
