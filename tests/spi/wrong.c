/* SPDX-License-Identifier: MIT */
/* A provider of another major version, to be refused. */
#include <ambit/spi.h>

AMB_PROVIDER(wrong) = {
    .magic = AMB_SPI_MAGIC, .spi_major = AMB_SPI_MAJOR + 1, .size = sizeof(amb_provider), .iface = "wrong",
};
