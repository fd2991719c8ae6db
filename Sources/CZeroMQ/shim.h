#include <zmq.h>
#include <sys/eventfd.h>

/* Stable in the library since 4.3.0, but declared in the draft part of the header only. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif
