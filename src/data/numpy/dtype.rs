//! Element types of NumPy arrays.

/// The kind of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A boolean of one byte.
    Bool,
    /// A signed integer.
    Int,
    /// An unsigned integer.
    Uint,
    /// An IEEE 754 number.
    Float,
    /// A bfloat16, which NumPy stores as a void type of two bytes.
    Brain,
    /// Text, four bytes per character.
    Unicode,
    /// Text, one byte per character.
    Bytes,
}

/// An element type: kind, size and byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DType {
    /// The kind of an element.
    pub kind: Kind,
    /// Bytes per element.
    pub size: usize,
    /// Whether it is big-endian.
    pub big: bool,
}

impl DType {
    /// Reads NumPy's notation, `<f8`.
    ///
    /// # Errors
    /// A description of the unsupported type, and a remedy.
    pub fn read(text: &str) -> Result<DType, (String, String)> {
        let (big, rest) = match text.as_bytes().first() {
            Some(b'>') => (true, &text[1..]),
            Some(b'<' | b'|' | b'=') => (false, &text[1..]),
            _ => (false, text),
        };
        let letter = rest.chars().next().unwrap_or(' ');
        let count: usize = rest.get(1..).and_then(|size| size.parse().ok()).unwrap_or(0);
        let of = |kind, size| Ok(DType { kind, size, big });
        match (letter, count) {
            ('b' | '?', _) => of(Kind::Bool, 1),
            ('i', 1 | 2 | 4 | 8) => of(Kind::Int, count),
            ('u', 1 | 2 | 4 | 8) => of(Kind::Uint, count),
            ('f', 2 | 4 | 8) => of(Kind::Float, count),
            ('V', 2) => of(Kind::Brain, 2),
            ('U', _) => of(Kind::Unicode, count.saturating_mul(4)),
            ('S' | 'a', _) => of(Kind::Bytes, count),
            _ => Err(unsupported(letter, count, text)),
        }
    }

    /// Its name, as NumPy prints it.
    pub fn name(self) -> String {
        let bits = self.size * 8;
        match self.kind {
            Kind::Bool => "bool".to_owned(),
            Kind::Int => format!("int{bits}"),
            Kind::Uint => format!("uint{bits}"),
            Kind::Float => format!("float{bits}"),
            Kind::Brain => "2-byte void read as bfloat16".to_owned(),
            Kind::Unicode | Kind::Bytes => "text".to_owned(),
        }
    }
}

/// A description of an unsupported type, and a remedy.
fn unsupported(letter: char, size: usize, text: &str) -> (String, String) {
    let (what, remedy) = match letter {
        'O' => (
            "Python objects, which only pickle can read".to_owned(),
            "save plain values: np.save(path, np.array(x.tolist())), dtype=str for text",
        ),
        'c' => ("complex numbers".to_owned(), "save x.real, or x.real and x.imag side by side"),
        'f' => (format!("floats of {size} bytes"), "save x.astype(np.float64)"),
        'M' | 'm' => ("times".to_owned(), "save x.astype(str) for labels"),
        _ => (format!("elements of the type {text}"), "save plain numbers, x.astype(np.float32)"),
    };
    (what, remedy.to_owned())
}
