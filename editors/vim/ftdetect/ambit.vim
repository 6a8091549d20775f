" SPDX-License-Identifier: MIT
autocmd BufRead,BufNewFile *.amb setfiletype ambit
