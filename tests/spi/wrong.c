/* SPDX-License-Identifier: MIT */
/* A provider of another major version, to be refused. */
#include <ambit/spi.h>

AMB_PROVIDER(wrong) = {AMB_PROVIDER_HEAD, .spi_major = AMB_SPI_MAJOR + 1, .iface = "wrong"};
