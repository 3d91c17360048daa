"""Writes ../cases/*.csv: a table of images as pandas, polars, NumPy and spreadsheets write it; and tables.json: what
has to be read from each file.

Run:   python tests/reference/tables.py
Needs: pandas, polars, numpy, pillow. Takes a second and overwrites the files.

pixels  values in the file, [images][side * side] in the order of the image, as float32
scale   their divisor; the network's input is float32(pixels) / float32(scale)
labels  the label of each image as dml shows it
Colours are converted to grey by Pillow (`convert("L")`).
"""
import json, pathlib, platform
import numpy as np
import pandas as pd
import PIL
import polars as pl
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parent / 'cases'
VERSIONS = dict(pandas=pd.__version__, polars=pl.__version__, numpy=np.__version__, pillow=PIL.__version__,
                python=platform.python_version())
SIDE, IMAGES = 4, 12
rng = np.random.default_rng(2022)
PIXELS = rng.integers(0, 256, (IMAGES, SIDE * SIDE))
PIXELS[:, [0, 3, 12, 15]] = 0
PIXELS[0, 5] = 255
LABELS = np.arange(IMAGES) % 3 + 4
NAMES = [f'pixel{i}' for i in range(SIDE * SIDE)]
expected = {}


def expect(name, pixels=PIXELS, scale=255, labels=LABELS, side=SIDE):
    values = np.asarray(pixels).astype(np.float32).reshape(len(labels), side * side)
    expected[name] = dict(side=side, scale=scale, labels=[str(label) for label in labels],
                          pixels=[[float(v) for v in row] for row in values])


def frame(pixels=PIXELS, labels=LABELS, label='label', last=False):
    table = pd.DataFrame(pixels, columns=NAMES)
    table.insert(len(NAMES) if last else 0, label, labels)
    return table


def write(name, text, **expected_values):
    (CASES / name).write_bytes(text.encode() if isinstance(text, str) else text)
    expect(name, **expected_values)


def pandas():
    write('pandas.csv', frame().to_csv(index=False))
    write('pandas_index.csv', frame().to_csv())
    write('pandas_floats.csv', frame().astype(float).to_csv(index=False))
    write('pandas_class_last.csv', frame(label='Class', last=True).to_csv(index=False))
    write('pandas_numbered.csv', pd.DataFrame(np.column_stack([LABELS, PIXELS])).to_csv(index=False))
    write('pandas_headless.csv', frame().to_csv(index=False, header=False))
    write('pandas_headless_last.csv', frame(last=True).to_csv(index=False, header=False))
    shares = PIXELS / 255
    write('pandas_shares.csv', frame(shares).to_csv(index=False), pixels=shares, scale=1)
    write('pandas_decimal_commas.csv', frame(shares).to_csv(index=False, sep=';', decimal=','), pixels=shares, scale=1)
    write('pandas_tabs.csv', frame().to_csv(index=False, sep='\t'))
    write('pandas_sorted.csv', frame()[['label', *sorted(NAMES)]].to_csv(index=False))
    write('pandas_dummies.csv', pd.get_dummies(frame(), columns=['label'], dtype=int).to_csv(index=False))
    write('pandas_sixteen.csv', frame(PIXELS * 257).to_csv(index=False), pixels=PIXELS * 257, scale=65535)
    small = PIXELS // 16 + (PIXELS == 255)
    write('pandas_digits.csv', frame(small.astype(float)).to_csv(index=False), pixels=small, scale=16)
    names = np.array(['cat', 'dog', 'Käfer, groß'])[LABELS - 4]
    write('pandas_text.csv', frame(labels=names).to_csv(index=False), labels=names)
    write('pandas_truth.csv', frame(labels=LABELS == 4).to_csv(index=False), labels=LABELS == 4)
    extra = frame(label='emotion')
    extra.insert(0, 'image_id', [f'img_{i:03}' for i in range(IMAGES)])
    extra['Usage'] = ['Training'] * 8 + ['PublicTest'] * 4
    extra['empty'] = None
    write('pandas_extra_columns.csv', extra.to_csv(index=False))
    lists = pd.DataFrame(dict(emotion=LABELS, pixels=[' '.join(map(str, row)) for row in PIXELS], Usage='Training'))
    write('pandas_lists.csv', lists.to_csv(index=False))
    arrays = pd.DataFrame(dict(label=LABELS, image=[row.tolist() for row in PIXELS]))
    write('pandas_arrays.csv', arrays.to_csv(index=False))
    half = frame().to_csv(index=False).splitlines(keepends=True)
    write('pandas_concatenated.csv', ''.join(half[:7] + half[:1] + half[7:]))


def polars():
    table = pl.from_pandas(frame())
    floats = table.with_columns(pl.col(NAMES).cast(pl.Float64))
    write('polars.csv', table.write_csv())
    write('polars_mark.csv', '\ufeff' + table.write_csv(line_terminator='\r\n'))
    write('polars_quoted.csv', table.write_csv(quote_style='always'))
    write('polars_scientific.csv', floats.write_csv(float_scientific=True))
    write('polars_precision.csv', floats.write_csv(float_precision=3))
    write('polars_bars.csv', table.write_csv(separator='|'))


def numpy():
    table = np.column_stack([LABELS, PIXELS])
    for name, options in [
        ('numpy.csv', {}),
        ('numpy_header.csv', dict(header=' '.join(['label', *NAMES]))),
        ('numpy_commas.csv', dict(fmt='%d', delimiter=',', header=','.join(['label', *NAMES]))),
        ('numpy_comment.csv', dict(fmt='%.1f', delimiter=',', header='made in a laboratory')),
    ]:
        np.savetxt(CASES / name, table, **options)
        expect(name)


def spreadsheets():
    lines = [';'.join(['label', *NAMES])]
    lines += [';'.join([str(label), *(f'{v / 4:g}'.replace('.', ',') for v in row)])
              for label, row in zip(LABELS, PIXELS)]
    blank = ';' * len(NAMES)
    german = '\ufeffsep=;\r\n' + '\r\n'.join([*lines, blank, blank]) + '\r\n'
    write('excel_german.csv', german, pixels=PIXELS / 4)
    english = '\ufeff' + '\r\n'.join(line.replace(';', ',') for line in
                                     frame().to_csv(index=False, sep=';').splitlines()) + '\r\n'
    write('excel_english.csv', english)
    units = frame().to_csv(index=False).splitlines()
    units.insert(1, ','.join(['class', *['grey value'] * len(NAMES)]))
    write('calc_units.csv', '\n'.join(units) + '\n')
    write('calc_trailing.csv', '\n'.join(line + ',' for line in frame().to_csv(index=False).splitlines()))
    rows = frame().to_csv().splitlines()
    write('r_row_names.csv', '\n'.join([rows[0].lstrip(','), *(f'"{row}'.replace(',', '",', 1) for row in rows[1:])]))


def colours():
    side = 8
    y, x = np.mgrid[0:side, 0:side] / (side - 1)
    images = []
    for i in range(IMAGES):
        planes = [x * (i + 1) / IMAGES, y, (x + y) / 2 * (1 - i / IMAGES)]
        images.append(np.round(255 * np.stack(planes, axis=-1)).astype(np.uint8))
    grey = np.stack([np.asarray(Image.fromarray(image, 'RGB').convert('L')) for image in images])
    flat = lambda order: np.stack([order(image).ravel() for image in images])
    planes, mixed = flat(lambda image: image.transpose(2, 0, 1)), flat(lambda image: image)
    for name, values, names in [
        ('rgb_planes.csv', planes, [f'pixel{i}' for i in range(3 * side * side)]),
        ('rgb_pixels.csv', mixed, [f'pixel{i:04}' for i in range(3 * side * side)]),
        ('rgb_named.csv', planes, [f'{c}{i}' for c in 'RGB' for i in range(side * side)]),
    ]:
        table = pd.DataFrame(values, columns=names)
        table['label'] = LABELS
        write(name, table.to_csv(index=False), pixels=grey.reshape(IMAGES, -1), side=side)


for part in (pandas, polars, numpy, spreadsheets, colours):
    part()
(HERE / 'tables.json').write_text(json.dumps(dict(versions=VERSIONS, files=expected), separators=(',', ':')) + '\n')
