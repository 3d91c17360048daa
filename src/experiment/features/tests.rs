//! Files that NumPy, pandas, polars and pyarrow wrote.
