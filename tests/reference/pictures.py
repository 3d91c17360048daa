"""Pictures of every kind that dml reads, and what Pillow makes of them.

Written with Python 3.11.7, Pillow 13.0.0, NumPy 2.4.6 and safetensors 0.8.0:

    python tests/reference/pictures.py

`pictures/`: the files. `pictures.safetensors`: for each file NAME its values after `ImageOps.exif_transpose` and
`convert`, as `NAME/L` [H, W] and `NAME/RGB` [H, W, 3], with the modes of Pillow as metadata; and `resize.png` and
`resize_grey.png` fitted into sizes, as `FILE/FIT/HEIGHTxWIDTH`.
"""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from safetensors.numpy import save_file

HERE = Path(__file__).parent
random = np.random.default_rng(5)
files = {}


def smooth(height, width):
    """A picture with gradients, an edge, a little noise, and pixels of full and of no brightness."""
    y, x = np.mgrid[:height, :width] / [[[height - 1]], [[width - 1]]]
    planes = [255 * x, 255 * (1 - y) * (0.4 + 0.6 * x), 128 + 127 * np.sin(4 * x + 3 * y)]
    picture = np.stack(planes, -1) + random.normal(0, 4, (height, width, 3))
    picture[height // 3 : height // 2, width // 4 : width // 2] = [240, 20, 60]
    picture[0, :4] = [[0] * 3, [255] * 3, [0] * 3, [255] * 3]
    return picture.clip(0, 255).round().astype(np.uint8)


def encoded(array, kind, mode=None, **options):
    picture = array if isinstance(array, Image.Image) else Image.fromarray(array)
    data = io.BytesIO()
    picture.convert(mode or picture.mode).save(data, kind, **options)
    return data.getvalue()


def exif(orientation):
    made = Image.Exif()
    made[274] = orientation
    return made


# Odd sides, so that rows end within a byte and within a block of 8 or 16 pixels.
SMALL, LARGE = smooth(10, 13), smooth(29, 37)
GREY = np.asarray(Image.fromarray(SMALL).convert("L"))
ALPHA = (np.arange(130).reshape(10, 13) * 2).astype(np.uint8)[..., None]
DEEP = SMALL.astype(np.uint16) * 256 + random.integers(0, 256, SMALL.shape, dtype=np.uint16)
DEEP_ALPHA = ALPHA.astype(np.uint16) * 257
CMYK = np.concatenate([255 - LARGE, LARGE[..., :1] // 3], -1)

# JPEG.
for name, options in {
    "grey": dict(mode="L"),
    "444": dict(subsampling="4:4:4"),
    "422": dict(subsampling="4:2:2"),
    "420": dict(subsampling="4:2:0"),
    "progressive": dict(progressive=True, subsampling="4:2:0"),
    "restarts": dict(restart_marker_rows=1, subsampling="4:2:0"),
    "adobe_rgb": dict(keep_rgb=True),
}.items():
    files[f"{name}.jpg"] = encoded(LARGE, "JPEG", quality=85, **options)
adobe = encoded(Image.fromarray(CMYK, "CMYK"), "JPEG", quality=85, subsampling=0)
at = adobe.index(b"Adobe")
files["cmyk_adobe.jpg"] = adobe
files["cmyk.jpg"] = adobe[: at - 4] + adobe[at + 12 :]
# Adobe stores 255 - C, M, Y and K; YCCK is those of C, M and Y inverted once more.
inner = Image.fromarray(255 - LARGE).convert("YCbCr")
ycck = np.concatenate([np.asarray(inner), 255 - CMYK[..., 3:]], -1)
ycck = encoded(Image.fromarray(255 - ycck, "CMYK"), "JPEG", quality=85, subsampling=0)
at = ycck.index(b"Adobe")
# The last byte of the segment says how colours are transformed: 2 for YCCK.
files["ycck_adobe.jpg"] = ycck[: at + 11] + b"\x02" + ycck[at + 12 :]
for orientation in range(1, 9):
    files[f"orientation_{orientation}.jpg"] = encoded(
        GREY, "JPEG", quality=95, exif=exif(orientation)
    )


def png(array, depth, colour, *chunks, interlaced=False):
    """A PNG of samples [H, W] or [H, W, C] of any depth, perhaps with Adam7."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def rows(part):
        part = part.reshape(len(part), -1)
        if depth == 16:
            lines = [row.astype(">u2").tobytes() for row in part]
        elif depth == 8:
            lines = [row.astype(np.uint8).tobytes() for row in part]
        else:
            bits = (part[..., None] >> np.arange(depth - 1, -1, -1)) & 1
            lines = [np.packbits(row.reshape(-1)).tobytes() for row in bits]
        return b"".join(b"\0" + line for line in lines)

    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [array[y::down, x::right] for y, x, down, right in passes]
    data = b"".join(rows(part) for part in parts if part.size)
    head = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], depth, colour, 0, 0, interlaced)
    kept = b"".join(chunk(kind, content) for kind, content in chunks)
    packed = chunk(b"IDAT", zlib.compress(data, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + kept + packed + chunk(b"IEND", b"")


PALETTE = random.integers(0, 256, (16, 3), dtype=np.uint8)
INDICES = (GREY // 16).astype(np.uint8)
COLOURS = (b"PLTE", PALETTE.tobytes())
FEW = (b"PLTE", PALETTE[:5].tobytes())
for depth in [1, 2, 4, 8]:
    files[f"grey_{depth}.png"] = png(GREY >> (8 - depth), depth, 0)
    files[f"palette_{depth}.png"] = png(GREY >> 8 - min(depth, 4), depth, 3, COLOURS)
files["grey_16.png"] = png(DEEP[..., 1], 16, 0)
files["grey_transparent.png"] = png(GREY, 8, 0, (b"tRNS", b"\0\x80"))
files["grey_alpha.png"] = png(np.concatenate([GREY[..., None], ALPHA], -1), 8, 4)
files["grey_alpha_16.png"] = png(np.concatenate([DEEP[..., 1:2], DEEP_ALPHA], -1), 16, 4)
files["rgb.png"] = png(SMALL, 8, 2)
files["rgb_16.png"] = png(DEEP, 16, 2)
files["rgb_transparent.png"] = png(SMALL, 8, 2, (b"tRNS", b"\0\0\0\0\0\0"))
files["rgba.png"] = png(np.concatenate([SMALL, ALPHA], -1), 8, 6)
files["rgba_16.png"] = png(np.concatenate([DEEP, DEEP_ALPHA], -1), 16, 6)
files["palette_transparent.png"] = png(INDICES, 4, 3, COLOURS, (b"tRNS", b"\0\x80\xff\0"))
files["palette_short.png"] = png(INDICES, 8, 3, FEW)
files["interlaced_rgb.png"] = png(SMALL, 8, 2, interlaced=True)
files["interlaced_1.png"] = png(GREY >> 7, 1, 0, interlaced=True)
files["interlaced_palette.png"] = png(INDICES, 4, 3, COLOURS, interlaced=True)
files["orientation_6.png"] = encoded(SMALL, "PNG", exif=exif(6))
frames = [Image.fromarray(SMALL), Image.fromarray(255 - SMALL)]
files["animated.png"] = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])

# GIF. Pillow interlaces unless told otherwise.
indexed = [frame.quantize(16) for frame in frames]
files["plain.gif"] = encoded(indexed[0], "GIF", interlace=0)
files["interlaced.gif"] = encoded(indexed[0], "GIF")
files["transparent.gif"] = encoded(indexed[0], "GIF", transparency=3)
files["grey.gif"] = encoded(GREY, "GIF")
files["animated.gif"] = encoded(indexed[0], "GIF", save_all=True, append_images=indexed[1:], duration=40)


def moved(gif, canvas, left, top):
    """The first frame at another place of another canvas."""
    gif = bytearray(gif)
    gif[6:10] = struct.pack("<HH", *canvas)
    frame = gif.index(b"," + struct.pack("<HHHH", 0, 0, 13, 10))
    gif[frame + 1 : frame + 5] = struct.pack("<HH", left, top)
    return bytes(gif)


files["inset.gif"] = moved(files["plain.gif"], (17, 16), 3, 2)
files["inset_transparent.gif"] = moved(files["transparent.gif"], (17, 16), 3, 2)
files["beyond.gif"] = moved(files["plain.gif"], (12, 12), 3, 4)

# WebP.
opaque, veiled = Image.fromarray(LARGE), Image.fromarray(np.concatenate([SMALL, ALPHA], -1))
files["lossy.webp"] = encoded(opaque, "WEBP", quality=80)
files["lossless.webp"] = encoded(SMALL, "WEBP", lossless=True)
files["lossy_alpha.webp"] = encoded(veiled, "WEBP", quality=80)
files["lossless_alpha.webp"] = encoded(veiled, "WEBP", lossless=True, exact=True)
files["animated.webp"] = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
files["orientation_8.webp"] = encoded(SMALL, "WEBP", lossless=True, exif=exif(8))


# BMP.
def bmp(array, bits, compression=0, masks=(), top_down=False):
    """A BMP of lines that are already packed into whole bytes."""
    lines = [line + b"\0" * (-len(line) % 4) for line in array]
    data = b"".join(lines if top_down else lines[::-1])
    height = -10 if top_down else 10
    start = 54 + 4 * len(masks)
    head = struct.pack("<IiiHHIIiiII", 40, 13, height, 1, bits, compression, len(data), 0, 0, 0, 0)
    extra = b"".join(struct.pack("<I", mask) for mask in masks)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + head + extra + data


files["grey_1.bmp"] = encoded(GREY, "BMP", mode="1")
files["grey.bmp"] = encoded(GREY, "BMP")
files["palette.bmp"] = encoded(indexed[0], "BMP")
files["rgb.bmp"] = encoded(SMALL, "BMP")
files["rgba.bmp"] = encoded(veiled, "BMP")
files["top_down.bmp"] = bmp([row[:, ::-1].tobytes() for row in SMALL], 24, top_down=True)
five = SMALL.astype(np.uint16) >> 3
files["555.bmp"] = bmp([row.tobytes() for row in five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]], 16)
six = SMALL[..., 1].astype(np.uint16) >> 2
files["565.bmp"] = bmp(
    [row.tobytes() for row in five[..., 0] << 11 | six << 5 | five[..., 2]], 16, 3, (0xF800, 0x7E0, 0x1F)
)

# TIFF.
for name, compression in [("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate"), ("packbits", "packbits")]:
    files[f"{name}.tif"] = encoded(SMALL, "TIFF", compression=compression)
files["rgb.tif"] = encoded(SMALL, "TIFF")
files["grey.tif"] = encoded(GREY, "TIFF")
files["grey_1.tif"] = encoded(GREY, "TIFF", mode="1")
files["group4.tif"] = encoded(GREY, "TIFF", mode="1", compression="group4")
files["grey_alpha.tif"] = encoded(np.concatenate([GREY[..., None], ALPHA], -1), "TIFF")
files["rgba.tif"] = encoded(veiled, "TIFF")
files["palette.tif"] = encoded(indexed[0], "TIFF")
files["cmyk.tif"] = encoded(Image.fromarray(CMYK[:10, :13].copy(), "CMYK"), "TIFF", compression="tiff_lzw")
files["orientation_5.tif"] = encoded(SMALL, "TIFF", tiffinfo={274: 5})
files["jpeg.tif"] = encoded(LARGE, "TIFF", compression="jpeg", quality=90)


def tiff(planes, bits, photometric, *more, order="<"):
    """An uncompressed TIFF of 10 by 13 pixels, with a strip for each of the byte strings `planes`."""
    offset, offsets = 8, []
    for plane in planes:
        offsets.append(offset)
        offset += len(plane) + len(plane) % 2
    tags = [(256, 3, [13]), (257, 3, [10]), (258, 3, bits), (259, 3, [1]), (262, 3, [photometric])]
    tags += [(273, 4, offsets), (277, 3, [len(bits)]), (278, 3, [10]), (279, 4, [len(plane) for plane in planes])]
    tags = sorted(tags + [tag for tag in more])
    entries, tail = b"", b""
    for tag, kind, values in tags:
        value = b"".join(struct.pack(order + {3: "H", 4: "I"}[kind], v) for v in values)
        if len(value) > 4:
            place = offset + 2 + 12 * len(tags) + 4 + len(tail)
            tail += value
            value = struct.pack(order + "I", place)
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + value.ljust(4, b"\0")
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", offset)
    data = b"".join(plane + b"\0" * (len(plane) % 2) for plane in planes)
    return head + data + struct.pack(order + "H", len(tags)) + entries + b"\0" * 4 + tail


def packed(values, depth):
    bits = (values[..., None] >> np.arange(depth - 1, -1, -1)) & 1
    return b"".join(np.packbits(row.reshape(-1)).tobytes() for row in bits)


MAP = (320, 3, [int(v) * 257 for v in PALETTE.T.reshape(-1)])
files["grey_16.tif"] = tiff([DEEP[..., 1].astype("<u2").tobytes()], [16], 1)
files["rgb_16.tif"] = tiff([DEEP.astype("<u2").tobytes()], [16] * 3, 2)
files["big_endian_16.tif"] = tiff([DEEP.astype(">u2").tobytes()], [16] * 3, 2, order=">")
files["planes.tif"] = tiff([SMALL[..., i].tobytes() for i in range(3)], [8] * 3, 2, (284, 3, [2]))
files["grey_4.tif"] = tiff([packed(GREY >> 4, 4)], [4], 1)
files["white_is_zero.tif"] = tiff([GREY.tobytes()], [8], 0)
files["white_is_zero_1.tif"] = tiff([packed(GREY >> 7, 1)], [1], 0)
files["palette_4.tif"] = tiff([packed(INDICES, 4)], [4], 3, MAP)
files["rgbx.tif"] = tiff([np.concatenate([SMALL, ALPHA], -1).tobytes()], [8] * 4, 2, (338, 3, [0]))
# Colours that were multiplied by their alpha, which Pillow divides by it again.
multiplied = (SMALL * (ALPHA / 255.0)).round().astype(np.uint8)
files["premultiplied.tif"] = tiff([np.concatenate([multiplied, ALPHA], -1).tobytes()], [8] * 4, 2, (338, 3, [1]))

# Resizing.
files["resize.png"] = encoded(LARGE, "PNG", optimize=True)
files["resize_grey.png"] = encoded(LARGE, "PNG", mode="L", optimize=True)


def crop(picture, height, width):
    """As torchvision: the side whose scale is larger is exact, the other one is cut off, then the centre."""
    if width * picture.height >= height * picture.width:
        scaled = (int(width * picture.height / picture.width), width)
    else:
        scaled = (height, int(height * picture.width / picture.height))
    picture = picture.resize(scaled[::-1], Image.BILINEAR)
    top, left = (int(round((scaled[i] - side) / 2.0)) for i, side in enumerate((height, width)))
    return picture.crop((left, top, left + width, top + height))


FITS = {
    "crop": crop,
    "pad": lambda picture, height, width: ImageOps.pad(picture, (width, height), Image.BILINEAR),
    "stretch": lambda picture, height, width: picture.resize((width, height), Image.BILINEAR),
}

tensors, modes = {}, {}
folder = HERE / "pictures"
folder.mkdir(exist_ok=True)
for name, data in files.items():
    (folder / name).write_bytes(data)
    opened = Image.open(io.BytesIO(data))
    modes[name] = opened.mode
    picture = ImageOps.exif_transpose(opened)
    if picture.mode == "I;16":
        # Pillow cuts values above 255 off, which leaves white. It takes the high byte of every other picture with
        # 16 bits, and so does dml of these.
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    for mode in ["L", "RGB"]:
        tensors[f"{name}/{mode}"] = np.array(picture.convert(mode))
for name in ["resize.png", "resize_grey.png"]:
    picture = Image.open(io.BytesIO(files[name]))
    for fit, fitted in FITS.items():
        for height, width in [(13, 11), (16, 16), (29, 20), (50, 60), (5, 37), (1, 64)]:
            tensors[f"{name}/{fit}/{height}x{width}"] = np.array(fitted(picture, height, width))
save_file(tensors, HERE / "pictures.safetensors", metadata={"modes": json.dumps(modes)})
