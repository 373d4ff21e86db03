"""Numbers: equal ones for equal texts, the same in every source and every run."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from afterlog.clock.skew import Times


def numbers_of(column: pa.ChunkedArray) -> Times:
    """Give a number from 0 to 2**63 − 1 for each text, shape (n,); other texts have others, all but surely."""
    coded = column.combine_chunks().dictionary_encode()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    digests = b"".join(
        hashlib.blake2b((text or "").encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for text in coded.dictionary.to_pylist()
    )
    names = (np.frombuffer(digests, "<u8") >> np.uint64(1)).astype(np.int64)
    return names[np.asarray(coded.indices)]
