from scripts.bench.import_log import Module, Package, by_package, heaviest, parse
from scripts.bench.import_time import medians

LOG = """\
import time: self [us] | cumulative | imported package
import time:       200 |        200 |     json.decoder
import time:       100 |        300 |   json
{"level":"INFO","message":"import time: 9 | 9 | not.a.module"}
import time:      3000 |       3000 |     shared.problems
import time:      1000 |       4300 |   shared.api
import time:        50 |       4350 | orders.handlers.api
import time:       700 |        700 | botocore.client
import time:       300 |        300 | botocore.args
"""


def test_the_log_is_read_without_its_heading_and_without_what_others_wrote() -> None:
    modules = parse(LOG)
    assert [module.name for module in modules][:3] == ["json.decoder", "json", "shared.problems"]
    assert modules[3] == Module("shared.api", own=1000, cumulative=4300)
    assert len(modules) == 7


def test_the_heaviest_are_those_with_the_most_time_of_their_own() -> None:
    assert [module.name for module in heaviest(parse(LOG), 2)] == ["shared.problems", "shared.api"]


def test_packages_add_up_and_only_ours_are_split() -> None:
    assert by_package(parse(LOG), own_packages=["shared", "orders"], standard=["json"]) == [
        Package("shared.problems", 1, 3000),
        Package("shared.api", 1, 1000),
        Package("botocore", 2, 1000),
        Package("(standard library)", 2, 300),
        Package("orders.handlers", 1, 50),
    ]


def test_medians_keep_a_module_that_only_one_run_imported() -> None:
    runs = [[Module("a", 10, 20)], [Module("a", 30, 40), Module("b", 5, 5)], [Module("a", 11, 21)]]
    assert medians(runs) == [Module("a", 11, 21), Module("b", 5, 5)]
