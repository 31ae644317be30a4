/* SPDX-License-Identifier: BSD-3-Clause */
/* Does what UBSan must find, by name, and goes on if it may: planted.sh sees it die. What to do
 * comes from outside, so that no compiler warns of it or leaves it out. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile unsigned sink;
static const char *volatile nothing, *volatile before;

/* Not inlined, so that their names stand in the stack that is printed. */
__attribute__((noinline)) static void
planted_shift(const char *number)
{
	sink = (unsigned)(1 << atoi(number));
}

__attribute__((noinline)) static void
planted_overflow(const char *number)
{
	sink = (unsigned)(atoi(number) + INT32_MAX);
}

/* Something before the beginning of nothing. */
__attribute__((noinline)) static void
planted_pointer(const char *number)
{
	before = nothing - atoi(number);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*plant)(const char *number);
	} plants[] = {
		{"shift", planted_shift},
		{"overflow", planted_overflow},
		{"pointer", planted_pointer},
	};

	for (size_t i = 0; argc == 3 && i < sizeof(plants) / sizeof(plants[0]); i++)
		if (strcmp(plants[i].name, argv[1]) == 0) {
			plants[i].plant(argv[2]);
			puts("went on");
			return 0;
		}
	return 0; /* also for "nothing": the program by itself is sound */
}
