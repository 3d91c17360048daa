//! Values by their keys, in order.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Metrics by their keys, in the order in which they are written; in JSON an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Means(Vec<(String, Option<f64>)>);

impl Means {
    /// The value under a key; `None` if it is undefined or there is no such key.
    pub fn get(&self, key: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| known == key)?.1
    }

    /// Whether there is a value under a key, defined or not.
    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| known == key)
    }

    /// The same with undefined values.
    pub fn undefined(mut self) -> Means {
        self.0.iter_mut().for_each(|(_, value)| *value = None);
        self
    }
}

impl<K: Into<String>> FromIterator<(K, Option<f64>)> for Means {
    fn from_iter<I: IntoIterator<Item = (K, Option<f64>)>>(values: I) -> Means {
        Means(values.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl Serialize for Means {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for Means {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Means, D::Error> {
        deserializer.deserialize_map(Pairs)
    }
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Means;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("numbers by their keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Means, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Means(pairs))
    }
}
