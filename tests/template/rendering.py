"""The template as CloudFormation would see it with given parameters: intrinsics resolved,
conditional resources gone. What only exists after a deploy reads `<Resource>` or
`<Resource.Attribute>`.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from docs.generate_configuration import load

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1d5f7c1e-b00c",
    "AWS::StackName": "shop",
    "AWS::URLSuffix": "amazonaws.com",
}
NOTHING = object()

type Node = dict[str, Any]


class Rendered:
    """`resources` by logical id; `parameters` are the values in force, as text."""

    def __init__(self, **given: object) -> None:
        self.source = _source()
        known = self.source["Parameters"]
        if unknown := given.keys() - known.keys():
            raise KeyError(f"no such parameter: {unknown}")
        defaults = {name: parameter["Default"] for name, parameter in known.items()}
        self.parameters = {name: str(value) for name, value in {**defaults, **given}.items()}
        self.resources: dict[str, Node] = {
            logical: self.resolve(resource)
            for logical, resource in self.source["Resources"].items()
            if "Condition" not in resource or self.condition(resource["Condition"])
        }
        self.globals: Node = self.resolve(self.source["Globals"])["Function"]
        self.outputs: Node = {
            name: self.resolve(output)
            for name, output in self.source["Outputs"].items()
            if "Condition" not in output or self.condition(output["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, Node]:
        """The properties of all resources of a type, by logical id."""
        return {
            logical: resource.get("Properties", {})
            for logical, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def __getitem__(self, logical: str) -> Node:
        properties: Node = self.resources[logical]["Properties"]
        return properties

    @property
    def functions(self) -> dict[str, Node]:
        return self.of_type("AWS::Serverless::Function")

    def environment(self, function: str) -> dict[str, str]:
        own = self.functions[function].get("Environment", {}).get("Variables", {})
        return {
            name: str(value)
            for name, value in {**self.globals["Environment"]["Variables"], **own}.items()
        }

    def statements(self, logical: str) -> list[Node]:
        """What a function or the state machine may do."""
        return [each for each in self._policy(logical) if each["Effect"] == "Allow"]

    def denials(self, logical: str) -> list[Node]:
        return [each for each in self._policy(logical) if each["Effect"] == "Deny"]

    def _policy(self, logical: str) -> list[Node]:
        return [s for policy in self[logical].get("Policies", []) for s in policy["Statement"]]

    def broken_rules(self) -> list[str]:
        """What CloudFormation would refuse to deploy these parameters with."""
        return [
            assertion["AssertDescription"]
            for rule in self.source["Rules"].values()
            if "RuleCondition" not in rule or self.resolve(rule["RuleCondition"])
            for assertion in rule["Assertions"]
            if not self.resolve(assertion["Assert"])
        ]

    def condition(self, name: str) -> bool:
        return bool(self.resolve(self.source["Conditions"][name]))

    def resolve(self, node: Any) -> Any:
        if isinstance(node, list):
            return [found for each in node if (found := self.resolve(each)) is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and (intrinsic := _INTRINSICS.get(next(iter(node)))):
            return intrinsic(self, next(iter(node.values())))
        resolved = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not NOTHING}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NOTHING
        if name in self.parameters:
            value = self.parameters[name]
            listed = self.source["Parameters"][name]["Type"] == "CommaDelimitedList"
            return [part for part in value.split(",") if part] if listed else value
        return PSEUDO.get(name, f"<{name}>")

    def _sub(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        values: Mapping[str, Any] = self.resolve(own)

        def value(match: re.Match[str]) -> str:
            name = match[1]
            return str(values[name] if name in values else self._ref(name))

        return re.sub(r"\$\{([\w.:]+)\}", value, text)

    def _if(self, argument: list[Any]) -> Any:
        name, then, otherwise = argument
        return self.resolve(then if self.condition(name) else otherwise)

    def _equals(self, argument: list[Any]) -> bool:
        left, right = self.resolve(argument)
        return str(left) == str(right)

    def _find(self, argument: list[Any]) -> Any:
        table, top, second = self.resolve(argument)
        return self.source["Mappings"][table][top][second]


@cache
def _source() -> Node:
    return load()


_INTRINSICS: dict[str, Callable[[Rendered, Any], Any]] = {
    "Ref": Rendered._ref,
    "Condition": Rendered.condition,
    "Fn::Sub": Rendered._sub,
    "Fn::If": Rendered._if,
    "Fn::Equals": Rendered._equals,
    "Fn::FindInMap": Rendered._find,
    "Fn::GetAtt": lambda _, argument: f"<{'.'.join(argument)}>",
    "Fn::Not": lambda r, argument: not r.resolve(argument)[0],
    "Fn::And": lambda r, argument: all(r.resolve(argument)),
    "Fn::Or": lambda r, argument: any(r.resolve(argument)),
    "Fn::Join": lambda r, argument: argument[0].join(r.resolve(argument[1])),
    "Fn::Split": lambda r, argument: r.resolve(argument[1]).split(argument[0]),
    "Fn::Select": lambda r, argument: r.resolve(argument[1])[int(argument[0])],
}
