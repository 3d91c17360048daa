"""Reports in a real browser: DML=target/release/dml python3 -m unittest, in this folder.

Screenshots of every page go to the folder SHOTS, for a look by eye.
"""

import glob
import os
import re
import subprocess
import tempfile
import unittest

from driver import Browser, missing

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DML = os.path.abspath(os.environ.get("DML", os.path.join(ROOT, "target/release/dml")))
SAMPLE = os.path.join(ROOT, "data/fashion-mnist_sample.csv.gz")
SHOTS = os.path.abspath(os.environ.get("SHOTS", os.path.join(ROOT, "target/browser")))
HOSTILE = "<img src=x onerror=document.title='taken'>&\"'</script>"


def dml(folder, *arguments):
    done = subprocess.run([DML, "--quiet", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def hostile_csv(path):
    """Writes a small data set whose class names are markup."""
    with open(path, "w") as file:
        file.write("label," + ",".join(f"p{i}" for i in range(64)) + "\n")
        for row in range(240):
            name = f"{HOSTILE}{row % 3}".replace('"', '""')
            pixels = [str((row % 3) * 80 + (row * 7 + i * 13) % 60) for i in range(64)]
            file.write(f'"{name}",' + ",".join(pixels) + "\n")


def contrast(one, other):
    """The contrast of two colours by WCAG 2.2: 1 to 21."""

    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        folder = cls.scratch.name
        common = ["--data", SAMPLE, "--epochs", "1", "--runs", "runs"]
        dml(folder, "compare", *common, "--seeds", "1,2")
        dml(folder, "sweep", *common, "--seeds", "1,2", "--train-size", "300,600,1200")
        dml(folder, "tune", *common, "--loss", "triplet", "--trials", "4", "--train-size", "600")
        hostile_csv(os.path.join(folder, "hostile.csv"))
        dml(folder, "train", "--data", "hostile.csv", "--loss", "cross-entropy", "--epochs", "1", "--name", "hostile")
        dml(folder, "eval", "--run", "runs/hostile")
        dml(folder, "report", "runs/hostile")
        one = glob.glob(os.path.join(folder, "runs/cross-entropy-seed1-*"))[0]
        dml(folder, "report", one)
        cls.pages = {"run": one, "hostile": os.path.join(folder, "runs/hostile")}
        for kind in ("compare", "sweep", "tune"):
            cls.pages[kind] = glob.glob(os.path.join(folder, f"runs/{kind}-*"))[0]
        os.makedirs(SHOTS, exist_ok=True)
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.scratch.cleanup()

    def visit(self, page, width=1200, height=900, scheme="light"):
        self.browser.size(width, height)
        self.browser.colours(scheme)
        self.browser.open(os.path.join(self.pages[page], "report.html"))

    def texts(self, selector):
        return self.browser.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def test_every_page_loads_without_console_messages_or_requests(self):
        for page in self.pages:
            with self.subTest(page):
                self.visit(page)
                self.assertEqual(self.browser.console(), [])
                requests = self.browser.run("return performance.getEntriesByType('resource').map(e => e.name)")
                self.assertEqual([name for name in requests if not name.startswith("data:")], [])
                self.assertTrue(self.texts(".conclusion")[0])

    def test_pages_are_readable_on_a_phone_in_dark_mode_and_on_paper(self):
        for page in self.pages:
            for name, width, scheme in (("wide", 1200, "light"), ("dark", 1200, "dark"), ("phone", 390, "light")):
                with self.subTest(page=page, screen=name):
                    self.visit(page, width=width, scheme=scheme)
                    overflow = self.browser.run("const e = document.scrollingElement; return e.scrollWidth - e.clientWidth")
                    self.assertLessEqual(overflow, 0, "the page scrolls sideways")
                    self.browser.screenshot(os.path.join(SHOTS, f"{page}-{name}.png"), full_page=True)
                    page_colour, text = self.browser.run(
                        "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]"
                    )
                    brightness = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (page_colour, text)]
                    self.assertEqual(brightness[0] > brightness[1], scheme == "light", (page_colour, text))
            pdf = self.browser.pdf()
            self.assertTrue(pdf.startswith(b"%PDF") and len(pdf) > 10_000)
            with open(os.path.join(SHOTS, f"{page}.pdf"), "wb") as file:
                file.write(pdf)

    def test_every_svg_picture_parses_and_keeps_its_text_inside(self):
        pictures = [path for page in self.pages.values() for path in glob.glob(os.path.join(page, "plots/*.svg"))]
        self.assertGreater(len(pictures), 10)
        self.browser.size(1800, 1200)
        for path in pictures:
            with self.subTest(os.path.basename(path)):
                self.browser.open(path)
                tag, title, outside = self.browser.run("""
                    const root = document.documentElement;
                    const page = root.getBoundingClientRect();
                    const inside = (b) => b.left >= page.left && b.right <= page.right && b.top >= page.top && b.bottom <= page.bottom;
                    const texts = [...root.querySelectorAll('text')].filter((t) => !inside(t.getBoundingClientRect()));
                    return [root.tagName, root.querySelector('title')?.textContent, texts.map((t) => t.textContent)];
                """)
                self.assertEqual(tag, "svg", "it does not parse")
                self.assertTrue(title)
                self.assertEqual(outside, [])
                self.assertEqual(self.browser.console(), [])
                owner, name = path.split(os.sep)[-3].split("-")[0], os.path.basename(path)
                self.browser.screenshot(os.path.join(SHOTS, f"{owner}-{name[:-4]}-vector.png"))

    def test_the_theme_can_be_switched(self):
        self.visit("run")
        before = self.browser.run("return getComputedStyle(document.body).backgroundColor")
        self.browser.click("#theme")
        dark = self.browser.run("return getComputedStyle(document.body).backgroundColor")
        self.browser.click("#theme")
        again = self.browser.run("return getComputedStyle(document.body).backgroundColor")
        self.assertNotEqual(before, dark)
        self.assertEqual(before, again)

    def column(self, table, column):
        rows = "return [...arguments[0].tBodies[0].rows].map(r => r.cells[arguments[1]].textContent)"
        return self.browser.run(rows, self.browser.find(table), column)

    def test_tables_sort_by_number_and_name_with_mouse_and_keyboard(self):
        self.visit("compare")
        table = "#runs table"
        self.browser.click(f"{table} th:nth-child(4) button")
        descending = [float(cell) for cell in self.column(table, 3)]
        self.assertEqual(descending, sorted(descending, reverse=True))
        self.assertEqual(self.browser.run("return document.querySelector(arguments[0]).ariaSort", f"{table} th:nth-child(4)"), "descending")
        self.browser.run("document.querySelector(arguments[0]).focus()", f"{table} th:nth-child(4) button")
        self.browser.press("enter")
        ascending = [float(cell) for cell in self.column(table, 3)]
        self.assertEqual(ascending, sorted(descending))
        self.assertEqual(len(set(ascending)) > 1, True, "equal values would be sorted in any order")
        self.browser.click(f"{table} th:nth-child(2) button")
        names = self.column(table, 1)
        self.assertEqual(names, sorted(names))

    def test_numbers_with_signs_spreads_and_dashes_sort_by_value(self):
        self.visit("compare")
        self.browser.click("#figures table th:nth-child(4) button")
        cells = self.column("#figures table", 3)
        shown = [float(re.match(r"[+−]?[\d.]+", cell).group().replace("−", "-")) for cell in cells if cell]
        self.assertEqual(shown, sorted(shown, reverse=True))
        self.assertEqual([cell for cell in cells if not cell], cells[len(shown):], "empty cells come last")

    def test_hovering_over_a_point_shows_its_image(self):
        self.visit("compare")
        self.browser.run("document.querySelectorAll('.map use[data-i]')[5].scrollIntoView({ block: 'center' })")
        position = self.browser.run(
            "const b = document.querySelectorAll('.map use[data-i]')[5].getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]"
        )
        self.assertTrue(self.browser.run("return document.getElementById('tip').hidden"))
        self.browser.point(*position)
        self.assertFalse(self.browser.run("return document.getElementById('tip').hidden"))
        caption = self.texts("#tip span")[0]
        names = self.browser.run("return JSON.parse(document.querySelector('.map script').textContent).classes")
        self.assertIn(caption.split(", row ")[0], names)
        shades = self.browser.run(
            "const c = document.querySelector('#tip canvas');"
            "return new Set(c.getContext('2d').getImageData(0, 0, 112, 112).data).size"
        )
        self.assertGreater(shades, 10, "the image is blank")
        self.browser.screenshot(os.path.join(SHOTS, "hover.png"))
        self.browser.point(2, 2)
        self.assertTrue(self.browser.run("return document.getElementById('tip').hidden"))

    def test_the_image_shown_is_that_of_its_row(self):
        self.visit("run")
        rows, images, shown = self.browser.run("""
            const data = JSON.parse(document.querySelector('.map script').textContent);
            const { of, side, across } = data.images;
            const canvas = document.createElement('canvas');
            canvas.width = canvas.height = side;
            const context = canvas.getContext('2d');
            const pixels = (i) => {
              context.drawImage(document.getElementById(of), (i % across) * side, Math.floor(i / across) * side, side, side, 0, 0, side, side);
              return [...context.getImageData(0, 0, side, side).data].filter((_, k) => k % 4 === 0);
            };
            return [data.rows.slice(0, 3), [0, 1, 2].map(pixels), data.rows.length];
        """)
        self.assertEqual(shown, 300)
        import gzip
        with gzip.open(SAMPLE, "rt") as file:
            lines = file.read().splitlines()[1:]
        for row, image in zip(rows, images):
            self.assertEqual([int(value) for value in lines[row].split(",")[1:]], image)

    def test_arrow_keys_move_between_images_and_are_announced(self):
        self.visit("run")
        self.browser.run("document.querySelector('.points').focus()")
        self.browser.press("right")
        first = self.texts(".details")[0]
        self.assertIn(", row ", first)
        seen = {first}
        for key in ("left", "down", "right", "up"):
            self.browser.press(key)
            seen.add(self.texts(".details")[0])
        self.assertGreater(len(seen), 2, seen)
        self.assertEqual(self.browser.run("return document.querySelector('.details').ariaLive"), "polite")

    def test_everything_has_an_accessible_name(self):
        for page in self.pages:
            with self.subTest(page):
                self.visit(page)
                nameless = self.browser.run("""
                    const named = (e) => e.ariaLabel || e.alt || (e.tagName === 'svg' ? '' : e.textContent.trim());
                    const elements = [...document.querySelectorAll('img, svg, button, [role], [tabindex]')];
                    return elements.filter((e) => !e.hidden && !named(e)).map((e) => e.outerHTML.slice(0, 80));
                """)
                self.assertEqual(nameless, [])
                levels = self.browser.run("return [...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
                self.assertEqual(levels[0], 1)
                self.assertTrue(all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels)
                self.assertEqual(self.browser.run("return document.documentElement.lang"), "en")
                ids = self.browser.run("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
                self.assertEqual(len(ids), len(set(ids)))

    def test_cells_of_a_confusion_matrix_are_readable_in_light_and_dark_mode(self):
        for scheme in ("light", "dark"):
            self.visit("compare", scheme=scheme)
            cells = self.browser.run("""
                const pixel = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
                const rgb = (colour) => {
                  pixel.clearRect(0, 0, 1, 1); pixel.fillStyle = colour; pixel.fillRect(0, 0, 1, 1);
                  return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3);
                };
                return [...document.querySelectorAll('.heat td[title]')].map((cell) => {
                  const style = getComputedStyle(cell);
                  return [rgb(style.backgroundColor), rgb(style.color)];
                });
            """)
            self.assertEqual(len(cells), 200)
            worst = min(contrast(*cell) for cell in cells)
            # WCAG 2.2, 1.4.3.
            self.assertGreaterEqual(worst, 4.5, scheme)

    def test_markup_in_class_names_is_shown_and_never_run(self):
        self.visit("hostile")
        self.assertNotIn("taken", self.browser.run("return document.title"))
        self.assertEqual(self.browser.run("return document.querySelectorAll('img[src=x], [onerror]').length"), 0)
        self.assertTrue(any(HOSTILE in text for text in self.texts(".heat th")))

    def test_the_content_security_policy_blocks_scripts_that_are_not_the_pages_own(self):
        self.visit("run")
        with open(os.path.join(self.pages["run"], "report.html")) as file:
            page = file.read()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.html")
            with open(path, "w") as file:
                file.write(page.replace("<footer>", "<script>document.title = 'taken'</script><footer>"))
            self.browser.open(path)
            self.assertNotEqual(self.browser.run("return document.title"), "taken")
            self.assertTrue(any("Content Security Policy" in line for line in self.browser.console()))


if __name__ == "__main__":
    if missing():
        raise SystemExit(f"{' and '.join(missing())} missing: install the packages chromium and chromium-driver")
    unittest.main()
