"""The template that is deployed from a build, with an archive for each folder."""

import json
import zipfile
from pathlib import Path

from local.package import package, packaged

BUILT = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Table:
    Type: AWS::DynamoDB::Table
  ApiFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ApiFunction
      Role:
        Fn::GetAtt: [Role, Arn]
  StateMachine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: ../finalizer.asl.json
"""


def test_folders_become_archives_and_the_rest_stays(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(BUILT)
    (tmp_path / "ApiFunction" / "shop").mkdir(parents=True)
    (tmp_path / "ApiFunction" / "shop" / "app.py").write_text("PRICE = 7")
    package(template)
    content = json.loads(packaged(template).read_text())
    assert content["AWSTemplateFormatVersion"] == "2010-09-09"
    resources = content["Resources"]
    assert resources["Table"] == {"Type": "AWS::DynamoDB::Table"}
    definition = resources["StateMachine"]["Properties"]["DefinitionUri"]
    assert definition == "../finalizer.asl.json"
    function = resources["ApiFunction"]["Properties"]
    assert function["Role"] == {"Fn::GetAtt": ["Role", "Arn"]}
    with zipfile.ZipFile(tmp_path / function["CodeUri"]) as opened:
        assert opened.read("shop/app.py") == b"PRICE = 7"
