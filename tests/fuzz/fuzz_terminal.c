/* What a terminal answers when it is asked what it shows. */
#include "fuzz.h"

#include "terminal_reply.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    cli_terminal_reply whole, part;
    cli_terminal_reply_read(&whole, text, size);
    fuzz_require(whole.registers >= 0 && whole.cell_width >= 0 && whole.cell_height >= 0);
    /* as it comes, piece by piece: what ends it is not lost again */
    for (size_t i = 0; i <= size && i < 64; i++) {
        cli_terminal_reply_read(&part, text, i);
        fuzz_require(!part.is_whole || (whole.is_whole && whole.sixel == part.sixel && whole.kitty == part.kitty));
    }
    free(text);
    return 0;
}
