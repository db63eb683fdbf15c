"""Mapping templates, from the examples of API Gateway's reference and of Velocity's user guide."""

import json

import pytest

from scripts.local.gateway.mapping_templates import Rendered, TemplateError, Variables, render

BODY = '{"id":"a\\"b","items":[{"sku":"A","n":1},{"sku":"B","n":2}],"yes":true,"none":null,"map":{"k":"v"},"empty":""}'
VARIABLES = Variables(
    params={"path": {"id": "7"}, "querystring": {"id": "query", "q": "1"}, "header": {"x-one": "h"}},
    context={
        "requestId": "r-1",
        "identity": {"sourceIp": "1.2.3.4"},
        "authorizer": {"claims": {"cognito:groups": "g"}},
    },
    stage_variables={"table": "t"},
)


def text(template: str, body: str = BODY) -> str:
    return render(template, body, VARIABLES).text


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("$input.body", BODY),
        ("$input.json('$.id')", '"a\\"b"'),
        ("$input.json('$')", json.dumps(json.loads(BODY), separators=(",", ":"))),
        ("$input.json('$.items[*].sku')", '["A","B"]'),
        ("$input.json('$.absent')", '""'),
        ("$input.path('$.id')", 'a"b'),
        ("$input.path('$.items[1].sku')", "B"),
        ("$input.path('$').items.size()", "2"),
        ("$input.path('$.items')", '[{"sku":"A","n":1},{"sku":"B","n":2}]'),
        ("$input.path('$.map')", "{k=v}"),
        ("$input.path('$.yes') $input.path('$.none')", "true "),
        ("$input.path('$').values", ""),
        ("$input.params('id') $input.params('q') $input.params('X-One') $input.params('no')", "7 1 h "),
        ("$input.params().querystring.get('q') $input.params('header').get('x-one')", "1 h"),
        ("#foreach($name in $input.params().path.keySet())$name=$input.params().path.get($name)#end", "id=7"),
        ("$context.requestId ${context.identity.sourceIp} $context.nothing|", "r-1 1.2.3.4 |"),
        ("$context.authorizer.claims['cognito:groups']", "g"),
        (
            "$stageVariables.table ${stageVariables.table}s $stageVariables['table'] $stageVariables.get('no')",
            "t ts t ",
        ),
        ("#set($r = $input.path('$'))#foreach($i in $r.items)$i.sku#if($foreach.hasNext),#end#end", "A,B"),
        ("#foreach($x in $input.path('$.absent'))x#end", ""),
        ("#if($input.path('$.absent'))a#elseif($input.path('$.yes'))b#{else}c#end", "b"),
        ("#if($input.path('$.empty') != '' && $input.params('q') == '1')yes#{else}no#end", "no"),
        ("#if(!$nothing)not#end", "not"),
        ("#set($n = 2 * 3 + 1)$n", "7"),
        ("#foreach($i in [1..3])$i#end", "123"),
        ('## a comment\n#set($s = "id: $context.requestId")$s', "id: r-1"),
        ('#set($m = {"a": 1})#set($x = $m.put("b", 2))$m.a$m.b$m.isEmpty()', "12false"),
        ('$util.escapeJavaScript("it\'s")', "it\\'s"),
        ("$util.escapeJavaScript($input.path('$.id'))", 'a\\"b'),
        ("$util.parseJson('{\"a\":[1,2]}').a[1]", "2"),
        ("$util.urlEncode('a b&c/~*')", "a+b%26c%2F%7E*"),
        ("$util.urlDecode('a+b%26c')", "a b&c"),
        ("$util.base64Encode('hello') $util.base64Decode('aGVsbG8=')", "aGVsbG8= hello"),
        ("$util.escapeJavaScript($input.params('q')).replaceAll('1', 'one').toUpperCase()", "ONE"),
    ],
)
def test_rendering(template: str, expected: str) -> None:
    assert text(template) == expected


def test_an_empty_payload_is_an_empty_object() -> None:
    assert text("$input.json('$')$input.body", "") == "{}"


def test_what_is_not_json_is_a_text() -> None:
    assert text("$input.json('$')", "plain") == '"plain"'


def test_templates_override_the_request_and_the_response() -> None:
    template = (
        "#set($context.requestOverride.header.One = 'h')#set($context.requestOverride.querystring.q = 'x')"
        "#set($context.requestOverride.path.id = 'y')#set($context.responseOverride.status = 418)"
        "#set($context.responseOverride.header['X-Two'] = 't')ok"
    )
    expected = Rendered("ok", headers={"One": "h", "X-Two": "t"}, query={"q": "x"}, path={"id": "y"}, status=418)
    assert render(template, "", VARIABLES) == expected


@pytest.mark.parametrize("template", ["#if($x)", "#set($x = )", "$util.parseJson('{')", "$input.json('$[')"])
def test_a_broken_template_is_an_error(template: str) -> None:
    with pytest.raises(TemplateError):
        text(template)
