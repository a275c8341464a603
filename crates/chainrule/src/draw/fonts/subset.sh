#!/usr/bin/env bash
# Makes the fonts in this folder from those of Debian's packages fonts-inter and fonts-dejavu-core; needs pip's fonttools.
set -euo pipefail
cd "$(dirname "$0")"

subset() {
    pyftsubset "/usr/share/fonts/$1" --output-file="$2" --unicodes="$3" \
        --name-IDs=0,1,2,3,4,5,6,14,16,17 --layout-features= --no-hinting
}

# Latin, Greek, typography, super- and subscripts, arrows, mathematics, shapes; and what Inter lacks of it.
letters="U+0020-007E,U+00A0-017F,U+0192,U+0218-021B,U+0384-03CE,U+03D1,U+03D5,U+2010-2027,U+2030-203A,U+2070-209C,U+20AC"
letters+=",U+2113,U+2122,U+2190-2199,U+21D0-21D4,U+2200-22FF,U+25A0-25FF,U+2713,U+27F5,U+27F6,U+FFFD"
symbols="U+2203,U+2205,U+2207-220D,U+2217,U+2218,U+221D,U+2225,U+2227-222A,U+2282-2287,U+2295-2299,U+22A4,U+22C5"
symbols+=",U+22EE,U+22EF,U+21A6,U+25C2,U+25B8,U+27E8,U+27E9,U+2308-230B,U+211D,U+1D40"

subset opentype/inter/Inter-Regular.otf Inter-Regular.otf "$letters"
subset opentype/inter/Inter-SemiBold.otf Inter-SemiBold.otf "$letters"
subset truetype/dejavu/DejaVuSans.ttf DejaVuSans-Symbols.ttf "$symbols"
