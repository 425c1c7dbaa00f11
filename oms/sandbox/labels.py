"""A 4 × 6 inch label as PDF, PNG or ZPL, drawn by hand: addresses, service and the tracking number as Code 128.

The barcode follows ISO/IEC 15417 and scans. The label says of itself that it carries no postage.
"""

import io
import re
import unicodedata
import zlib
from dataclasses import dataclass

WIDTH, HEIGHT = 288, 432  # points, 1/72 inch
# Code 128: widths of bar, space, bar, space, bar, space for the values 0 to 105, and the stop sign.
PATTERNS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
BARS = PATTERNS.split()
# Letters that are no base letter with a mark.
UNACCENTED = str.maketrans(
    {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ı": "i", "ß": "ss", "Ø": "O", "ø": "o", "Æ": "Ae", "æ": "ae"}
)
START_B, START_C, TO_B, STOP = 104, 105, 100, 106


@dataclass(frozen=True)
class Label:
    carrier: str
    service: str
    tracking_code: str
    reference: str
    sender: list[str]
    recipient: list[str]
    weight_oz: str


@dataclass(frozen=True)
class Box:
    """A filled rectangle, in points from the upper left corner; `ink` 0 is black, 1 white."""

    x: float
    y: float
    width: float
    height: float
    ink: float = 0.0


@dataclass(frozen=True)
class Text:
    """A line of text on its baseline, in points from the upper left corner."""

    x: float
    y: float
    size: float
    text: str
    bold: bool = False
    ink: float = 0.0
    centered: bool = False


def code128(text: str) -> list[int]:
    """The widths of bars and spaces in turn, beginning with a bar: digits in pairs (set C), anything else set B."""
    if text.isdigit() and len(text) > 1:
        even = len(text) // 2 * 2
        values = [START_C, *(int(text[at : at + 2]) for at in range(0, even, 2))]
        if even < len(text):
            values += [TO_B, ord(text[-1]) - 32]
    else:
        values = [START_B, *(ord(sign) - 32 for sign in text if 32 <= ord(sign) < 127)]
    check = (values[0] + sum(place * value for place, value in enumerate(values[1:], 1))) % 103
    return [int(width) for value in (*values, check, STOP) for width in BARS[value]]


def drawing(label: Label) -> list[Box | Text]:
    """What is on the label, bottom layer first."""
    service = re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", label.service)
    marks: list[Box | Text] = [Box(8, 8, WIDTH - 16, HEIGHT - 16), Box(10, 10, WIDTH - 20, HEIGHT - 20, 1.0)]
    marks += [Box(10, 72, WIDTH - 20, 2), Box(76, 10, 2, 62), Text(43, 58, 46, label.service[0], True, centered=True)]
    marks += [
        Text(86, 28, 11, "RETURN LABEL", True),
        Text(86, 42, 8, f"{label.carrier} {service}"),
        Text(86, 53, 8, f"{label.weight_oz} oz"),
        Text(86, 64, 8, "SANDBOX - NO POSTAGE PAID"),
        Box(10, 74, WIDTH - 20, 24),
        Text(WIDTH / 2, 91, 13, _title(label.carrier, service), True, 1.0, True),
        Text(18, 112, 7, "FROM", True),
        Text(18, 196, 8, "SHIP", True),
        Text(18, 206, 8, "TO", True),
    ]
    marks += [Text(50, 112 + 10 * row, 8, line) for row, line in enumerate(label.sender[:6])]
    marks += [Text(50, 197 + 15 * row, 12, line, True) for row, line in enumerate(label.recipient[:6])]
    marks += [
        Box(10, 286, WIDTH - 20, 3),
        Text(WIDTH / 2, 303, 9, f"{label.carrier} TRACKING #", True, centered=True),
    ]
    bars = code128(label.tracking_code)
    module = min(1.4, (WIDTH - 48) / sum(bars))
    x = (WIDTH - module * sum(bars)) / 2
    for place, width in enumerate(bars):
        if place % 2 == 0:
            marks.append(Box(x, 312, module * width, 66))
        x += module * width
    code = label.tracking_code
    grouped = " ".join(code[at : at + 4] for at in range(0, len(code), 4))
    marks += [Text(WIDTH / 2, 393, 11, grouped, True, centered=True), Box(10, 400, WIDTH - 20, 2)]
    return [*marks, Text(WIDTH / 2, 415, 8, f"REF {label.reference}" if label.reference else "", centered=True)]


def label_pdf(label: Label) -> bytes:
    """One page with the two standard Helvetica faces, which every reader has."""
    content = "\n".join(_pdf_mark(mark) for mark in drawing(label)).encode("cp1252")
    packed = zlib.compress(content)
    faces = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica{} /Encoding /WinAnsiEncoding >>"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R "
        "/Resources << /Font << /R 5 0 R /B 6 0 R >> >> >>".encode(),
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream",
        faces.format("").encode(),
        faces.format("-Bold").encode(),
    ]
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, table)
    return bytes(out)


def label_png(label: Label) -> bytes:
    """The same drawing at 203 dots per inch."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415  only here: a tenth of a second at start-up otherwise

    scale = 203 / 72
    image = Image.new("L", (round(WIDTH * scale), round(HEIGHT * scale)), 255)
    draw = ImageDraw.Draw(image)
    for mark in drawing(label):
        ink = round(mark.ink * 255)
        if isinstance(mark, Box):
            left, top = round(mark.x * scale), round(mark.y * scale)
            right, bottom = round((mark.x + mark.width) * scale) - 1, round((mark.y + mark.height) * scale) - 1
            draw.rectangle((left, top, right, bottom), fill=ink)
        else:
            font, text = ImageFont.load_default(mark.size * scale), _plain(_western(mark.text))
            place, anchor = (mark.x * scale, mark.y * scale), "ms" if mark.centered else "ls"
            draw.text(place, text, fill=ink, font=font, anchor=anchor, stroke_width=0.6 if mark.bold else 0)
    out = io.BytesIO()
    image.convert("1").save(out, "PNG", dpi=(203, 203))
    return out.getvalue()


def label_zpl(label: Label) -> bytes:
    """The same label for a printer with 203 dots per inch; the printer draws the barcode."""
    dots, marks = 203 / 72, [mark for mark in drawing(label) if isinstance(mark, Text)]
    rows = ["^XA", "^CI28", f"^PW{round(WIDTH * dots)}", f"^LL{round(HEIGHT * dots)}"]
    rows += [
        f"^FO{round((20 if mark.centered else mark.x) * dots)},{round((mark.y - mark.size) * dots)}"
        f"^A0N,{round(mark.size * dots)}^FD{re.sub(r'[\^~]', ' ', mark.text)}^FS"
        for mark in marks
        if mark.text
    ]
    rows += [f"^FO60,{round(312 * dots)}^BY3^BCN,{round(66 * dots)},N^FD{label.tracking_code}^FS", "^XZ"]
    return "\n".join(rows).encode()


def _pdf_mark(mark: Box | Text) -> str:
    if isinstance(mark, Box):
        bottom = HEIGHT - mark.y - mark.height
        return f"{mark.ink:g} g {mark.x:.3f} {bottom:.3f} {mark.width:.3f} {mark.height:.3f} re f"
    text = _western(mark.text)
    x = mark.x - _width(text) * mark.size / 2 if mark.centered else mark.x
    text = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    face = "/B" if mark.bold else "/R"
    return f"BT {mark.ink:g} g {face} {mark.size:g} Tf {x:.2f} {HEIGHT - mark.y:.2f} Td ({text}) Tj ET"


def _title(carrier: str, service: str) -> str:
    """The service with its carrier once: "FedEx" and "FEDEX 2 DAY" are "FEDEX 2 DAY"."""
    name = service.upper()
    return name if name.startswith(carrier.upper()) else f"{carrier} {name}".upper()


def _plain(text: str) -> str:
    """Without accents: the picture's face has none."""
    return unicodedata.normalize("NFKD", text.translate(UNACCENTED)).encode("ascii", "ignore").decode()


def _western(text: str) -> str:
    """What the standard faces can write: other scripts lose their accents, and what is left becomes "?"."""
    kept = []
    for sign in text:
        try:
            sign.encode("cp1252")
            kept.append(sign if sign.isprintable() else " ")
        except UnicodeEncodeError:
            kept.append(_plain(sign) or "?")
    return "".join(kept)


def _width(text: str) -> float:
    """About how wide Helvetica Bold sets a text, in ems."""
    return sum(0.278 if sign in " .-" else 0.556 if sign.isdigit() or sign.islower() else 0.69 for sign in text)
