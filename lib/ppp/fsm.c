/* SPDX-License-Identifier: BSD-3-Clause */
/* The state transition table of RFC 1661 section 4.1, cell by cell. */
#include "ppp/fsm.h"

#define TLD PPP_TLD
#define IRC PPP_IRC
#define ZRC PPP_ZRC
#define SCR PPP_SCR
#define SCA PPP_SCA
#define SCN PPP_SCN
#define STR PPP_STR
#define STA PPP_STA
#define SCJ PPP_SCJ
#define SER PPP_SER
#define TLU PPP_TLU
#define TLS PPP_TLS
#define TLF PPP_TLF

enum { STAY = 15 }; /* "-": the RFC has no transition */
#define NONE            \
	{               \
		0, STAY \
	}

/* One row an event; the first line holds the states 0 to 5 (Initial, Starting, Closed, Stopped,
 * Closing, Stopping), the second 6 to 9 (Req-Sent, Ack-Rcvd, Ack-Sent, Opened). */
static const struct {
	uint16_t actions;
	uint8_t next;
} table[PPP_FSM_EVENTS][PPP_STATES] = {
	/* clang-format off */
	[PPP_FSM_UP] = {
		{0, 2}, {IRC | SCR, 6}, NONE, NONE, NONE, NONE,
		NONE, NONE, NONE, NONE,
	},
	[PPP_FSM_DOWN] = {
		NONE, NONE, {0, 0}, {TLS, 1}, {0, 0}, {0, 1},
		{0, 1}, {0, 1}, {0, 1}, {TLD, 1},
	},
	[PPP_FSM_OPEN] = {
		{TLS, 1}, {0, 1}, {IRC | SCR, 6}, {0, 3}, {0, 5}, {0, 5},
		{0, 6}, {0, 7}, {0, 8}, {0, 9},
	},
	[PPP_FSM_CLOSE] = {
		{0, 0}, {TLF, 0}, {0, 2}, {0, 2}, {0, 4}, {0, 4},
		{IRC | STR, 4}, {IRC | STR, 4}, {IRC | STR, 4}, {TLD | IRC | STR, 4},
	},
	[PPP_FSM_TO_PLUS] = {
		NONE, NONE, NONE, NONE, {STR, 4}, {STR, 5},
		{SCR, 6}, {SCR, 6}, {SCR, 8}, NONE,
	},
	[PPP_FSM_TO_MINUS] = {
		NONE, NONE, NONE, NONE, {TLF, 2}, {TLF, 3},
		{TLF, 3}, {TLF, 3}, {TLF, 3}, NONE,
	},
	[PPP_FSM_RCR_PLUS] = {
		NONE, NONE, {STA, 2}, {IRC | SCR | SCA, 8}, {0, 4}, {0, 5},
		{SCA, 8}, {SCA | TLU, 9}, {SCA, 8}, {TLD | SCR | SCA, 8},
	},
	[PPP_FSM_RCR_MINUS] = {
		NONE, NONE, {STA, 2}, {IRC | SCR | SCN, 6}, {0, 4}, {0, 5},
		{SCN, 6}, {SCN, 7}, {SCN, 6}, {TLD | SCR | SCN, 6},
	},
	[PPP_FSM_RCA] = {
		NONE, NONE, {STA, 2}, {STA, 3}, {0, 4}, {0, 5},
		{IRC, 7}, {SCR, 6}, {IRC | TLU, 9}, {TLD | SCR, 6},
	},
	[PPP_FSM_RCN] = {
		NONE, NONE, {STA, 2}, {STA, 3}, {0, 4}, {0, 5},
		{IRC | SCR, 6}, {SCR, 6}, {IRC | SCR, 8}, {TLD | SCR, 6},
	},
	[PPP_FSM_RTR] = {
		NONE, NONE, {STA, 2}, {STA, 3}, {STA, 4}, {STA, 5},
		{STA, 6}, {STA, 6}, {STA, 6}, {TLD | ZRC | STA, 5},
	},
	[PPP_FSM_RTA] = {
		NONE, NONE, {0, 2}, {0, 3}, {TLF, 2}, {TLF, 3},
		{0, 6}, {0, 6}, {0, 8}, {TLD | SCR, 6},
	},
	[PPP_FSM_RUC] = {
		NONE, NONE, {SCJ, 2}, {SCJ, 3}, {SCJ, 4}, {SCJ, 5},
		{SCJ, 6}, {SCJ, 7}, {SCJ, 8}, {SCJ, 9},
	},
	[PPP_FSM_RXJ_PLUS] = {
		NONE, NONE, {0, 2}, {0, 3}, {0, 4}, {0, 5},
		{0, 6}, {0, 6}, {0, 8}, {0, 9},
	},
	[PPP_FSM_RXJ_MINUS] = {
		NONE, NONE, {TLF, 2}, {TLF, 3}, {TLF, 2}, {TLF, 3},
		{TLF, 3}, {TLF, 3}, {TLF, 3}, {TLD | IRC | STR, 5},
	},
	[PPP_FSM_RXR] = {
		NONE, NONE, {0, 2}, {0, 3}, {0, 4}, {0, 5},
		{0, 6}, {0, 7}, {0, 8}, {SER, 9},
	},
	/* clang-format on */
};

unsigned
ppp_fsm_step(enum ppp_state *state, enum ppp_fsm_event event)
{
	unsigned actions = table[event][*state].actions;
	uint8_t next = table[event][*state].next;

	if (next != STAY)
		*state = (enum ppp_state)next;
	return actions;
}

const char *
ppp_state_name(enum ppp_state state)
{
	static const char *const names[PPP_STATES] = {"Initial", "Starting", "Closed", "Stopped",
		"Closing", "Stopping", "Req-Sent", "Ack-Rcvd", "Ack-Sent", "Opened"};

	return state < PPP_STATES ? names[state] : "unknown";
}
