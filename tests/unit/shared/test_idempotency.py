from shared.idempotency import LIFETIME_SECONDS, Answer, Record, hash_body, read_record

RECORD = Record("p#place_order#k", "hash", Answer(201, '{"a":1}', "/orders/1"))


def test_the_stored_record_reads_back():
    item = RECORD.put("table", now=1000)["Put"]["Item"]
    assert read_record(item) == RECORD
    assert item["expires_at"] == {"N": str(1000 + LIFETIME_SECONDS)}


def test_the_hash_sees_content_not_form():
    assert hash_body({"a": 1, "b": [1, 2]}) == hash_body({"b": [1, 2], "a": 1})
    distinct = [{"a": 1}, {"a": "1"}, {"a": [1]}, {"a": None}, {"b": 1}, {"a": 1, "b": 1}, {"a": True}]
    assert len({hash_body(body) for body in distinct}) == len(distinct)
