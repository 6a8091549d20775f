# SPDX-License-Identifier: MIT
# From what nm prints of the static library: a line "NAME amb_own_NAME" for each of its names that a host
# could take for its own. Names of the compiler (__odr_asan..., __gcov...) stay.
NF == 3 && $3 !~ /^amb/ && $3 ~ /^[A-Za-z]/ && !seen[$3]++ { print $3, "amb_own_" $3 }
