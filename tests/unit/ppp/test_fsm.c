/* SPDX-License-Identifier: BSD-3-Clause */
/* The automaton against the RFC's own table, written as the RFC prints it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ppp/fsm.h"

/* RFC 1661 section 4.1; "-" where it has no transition. Marks: r, p, x are left out. */
static const char *const rfc[PPP_FSM_EVENTS][PPP_STATES] = {
	[PPP_FSM_UP] = {"2", "irc,scr/6", "-", "-", "-", "-", "-", "-", "-", "-"},
	[PPP_FSM_DOWN] = {"-", "-", "0", "tls/1", "0", "1", "1", "1", "1", "tld/1"},
	[PPP_FSM_OPEN] = {"tls/1", "1", "irc,scr/6", "3", "5", "5", "6", "7", "8", "9"},
	[PPP_FSM_CLOSE] = {"0", "tlf/0", "2", "2", "4", "4", "irc,str/4", "irc,str/4", "irc,str/4",
		"tld,irc,str/4"},
	[PPP_FSM_TO_PLUS] = {"-", "-", "-", "-", "str/4", "str/5", "scr/6", "scr/6", "scr/8", "-"},
	[PPP_FSM_TO_MINUS] = {"-", "-", "-", "-", "tlf/2", "tlf/3", "tlf/3", "tlf/3", "tlf/3", "-"},
	[PPP_FSM_RCR_PLUS] = {"-", "-", "sta/2", "irc,scr,sca/8", "4", "5", "sca/8", "sca,tlu/9",
		"sca/8", "tld,scr,sca/8"},
	[PPP_FSM_RCR_MINUS] = {"-", "-", "sta/2", "irc,scr,scn/6", "4", "5", "scn/6", "scn/7",
		"scn/6", "tld,scr,scn/6"},
	[PPP_FSM_RCA] = {"-", "-", "sta/2", "sta/3", "4", "5", "irc/7", "scr/6", "irc,tlu/9",
		"tld,scr/6"},
	[PPP_FSM_RCN] = {"-", "-", "sta/2", "sta/3", "4", "5", "irc,scr/6", "scr/6", "irc,scr/8",
		"tld,scr/6"},
	[PPP_FSM_RTR] = {"-", "-", "sta/2", "sta/3", "sta/4", "sta/5", "sta/6", "sta/6", "sta/6",
		"tld,zrc,sta/5"},
	[PPP_FSM_RTA] = {"-", "-", "2", "3", "tlf/2", "tlf/3", "6", "6", "8", "tld,scr/6"},
	[PPP_FSM_RUC] = {"-", "-", "scj/2", "scj/3", "scj/4", "scj/5", "scj/6", "scj/7", "scj/8",
		"scj/9"},
	[PPP_FSM_RXJ_PLUS] = {"-", "-", "2", "3", "4", "5", "6", "6", "8", "9"},
	[PPP_FSM_RXJ_MINUS] = {"-", "-", "tlf/2", "tlf/3", "tlf/2", "tlf/3", "tlf/3", "tlf/3",
		"tlf/3", "tld,irc,str/5"},
	[PPP_FSM_RXR] = {"-", "-", "2", "3", "4", "5", "6", "7", "8", "ser/9"},
};

static const struct {
	const char *name;
	unsigned bit;
} actions[] = {{"tld", PPP_TLD}, {"irc", PPP_IRC}, {"zrc", PPP_ZRC}, {"scr", PPP_SCR},
	{"sca", PPP_SCA}, {"scn", PPP_SCN}, {"str", PPP_STR}, {"sta", PPP_STA}, {"scj", PPP_SCJ},
	{"ser", PPP_SER}, {"tlu", PPP_TLU}, {"tls", PPP_TLS}, {"tlf", PPP_TLF}};

static void
as_text(unsigned bits, enum ppp_state next, char out[64])
{
	out[0] = '\0';
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if ((bits & actions[i].bit) == 0)
			continue;
		if (out[0] != '\0')
			strcat(out, ",");
		strcat(out, actions[i].name);
	}
	snprintf(out + strlen(out), 8, "%s%d", out[0] == '\0' ? "" : "/", (int)next);
}

static void
test_every_cell(void **state)
{
	char text[64];

	(void)state;
	for (int event = 0; event < PPP_FSM_EVENTS; event++) {
		for (int from = 0; from < PPP_STATES; from++) {
			enum ppp_state s = (enum ppp_state)from;
			unsigned bits = ppp_fsm_step(&s, (enum ppp_fsm_event)event);

			if (strcmp(rfc[event][from], "-") == 0) {
				assert_int_equal(bits, 0);
				assert_int_equal(s, from);
				continue;
			}
			as_text(bits, s, text);
			if (strcmp(text, rfc[event][from]) != 0)
				fail_msg("event %d in %s: %s, the RFC says %s", event,
					ppp_state_name((enum ppp_state)from), text,
					rfc[event][from]);
		}
	}
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(ppp_state_name(PPP_INITIAL), "Initial");
	assert_string_equal(ppp_state_name(PPP_ACK_RCVD), "Ack-Rcvd");
	assert_string_equal(ppp_state_name(PPP_OPENED), "Opened");
	assert_string_equal(ppp_state_name(PPP_STATES), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell),
		cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
