/* SPDX-License-Identifier: BSD-3-Clause */
/* The automaton of RFC 1661 section 4: a pure table of state x event. It neither sends nor asks
 * the time; who steps it does what the actions say. */
#ifndef PPP_FSM_H
#define PPP_FSM_H

#include <stdint.h>

/* Section 4.2, in the RFC's numbering. */
enum ppp_state {
	PPP_INITIAL,
	PPP_STARTING,
	PPP_CLOSED,
	PPP_STOPPED,
	PPP_CLOSING,
	PPP_STOPPING,
	PPP_REQ_SENT,
	PPP_ACK_RCVD,
	PPP_ACK_SENT,
	PPP_OPENED,
	PPP_STATES
};

/* Section 4.3. */
enum ppp_fsm_event {
	PPP_FSM_UP,
	PPP_FSM_DOWN,
	PPP_FSM_OPEN,
	PPP_FSM_CLOSE,
	PPP_FSM_TO_PLUS,  /* timeout, counter above 0 */
	PPP_FSM_TO_MINUS, /* timeout, counter expired */
	PPP_FSM_RCR_PLUS, /* Configure-Request, good */
	PPP_FSM_RCR_MINUS,
	PPP_FSM_RCA, /* Configure-Ack */
	PPP_FSM_RCN, /* Configure-Nak or -Reject */
	PPP_FSM_RTR, /* Terminate-Request */
	PPP_FSM_RTA,
	PPP_FSM_RUC,       /* unknown code */
	PPP_FSM_RXJ_PLUS,  /* Code- or Protocol-Reject, permitted */
	PPP_FSM_RXJ_MINUS, /* the same, catastrophic */
	PPP_FSM_RXR,       /* Echo or Discard */
	PPP_FSM_EVENTS
};

/* Section 4.4, as bits in the order in which they are to be done. */
enum ppp_action {
	PPP_TLD = 1 << 0,  /* This-Layer-Down */
	PPP_IRC = 1 << 1,  /* Initialize-Restart-Count */
	PPP_ZRC = 1 << 2,  /* Zero-Restart-Count */
	PPP_SCR = 1 << 3,  /* Send-Configure-Request */
	PPP_SCA = 1 << 4,  /* Send-Configure-Ack */
	PPP_SCN = 1 << 5,  /* Send-Configure-Nak or -Reject */
	PPP_STR = 1 << 6,  /* Send-Terminate-Request */
	PPP_STA = 1 << 7,  /* Send-Terminate-Ack */
	PPP_SCJ = 1 << 8,  /* Send-Code-Reject */
	PPP_SER = 1 << 9,  /* Send-Echo-Reply */
	PPP_TLU = 1 << 10, /* This-Layer-Up */
	PPP_TLS = 1 << 11, /* This-Layer-Started */
	PPP_TLF = 1 << 12, /* This-Layer-Finished */
};

/* Moves *state and returns the actions. An event that can't happen in a state changes nothing. */
unsigned ppp_fsm_step(enum ppp_state *state, enum ppp_fsm_event event);

/* "Req-Sent". */
const char *ppp_state_name(enum ppp_state state);

#endif
