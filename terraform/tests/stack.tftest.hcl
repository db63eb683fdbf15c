# The whole stack against a provider that answers everything: no account, no ZIP, no local cloud.
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:topic" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:queue", url = "https://sqs.eu-west-1.amazonaws.com/123456789012/queue" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/table", stream_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/table/stream/2026-01-01T00:00:00.000" }
  }
  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:event-bus/bus" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:group" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/role" }
  }
  mock_resource "aws_lambda_layer_version" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:layer:layer:1" }
  }
  # The bare function and its alias can be told apart: whoever uses the first has no ":live".
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:bare", version = "7" }
  }
  mock_resource "aws_lambda_alias" {
    defaults = {
      arn        = "arn:aws:lambda:eu-west-1:123456789012:function:bare:live"
      invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:bare:live/invocations"
    }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:secret-AbCdEf" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:rule/bus/rule" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = {
      arn                       = "arn:aws:states:eu-west-1:123456789012:stateMachine:bare"
      state_machine_version_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:bare:1"
    }
  }
  mock_resource "aws_sfn_alias" {
    defaults = { arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:bare:live" }
  }
  mock_resource "aws_api_gateway_rest_api" {
    defaults = { id = "api1", execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:api1" }
  }
}

variables {
  environment          = "dev"
  partners             = ["demo"]
  payment_provider_url = "https://payments.example.com"
}

run "plans_without_a_build" {
  command = plan
  variables {
    build_dir = "tests/fixtures/no-such-folder"
  }

  assert {
    condition     = aws_s3_object.artifact["orders"].key == "dev/orders/not-built.zip"
    error_message = "Without a manifest a plan must work with placeholders."
  }
}

run "applies_not_without_a_build" {
  command = apply
  variables {
    build_dir = "tests/fixtures/no-such-folder"
  }
  expect_failures = [terraform_data.built]
}

run "everything_targets_the_alias" {
  command = apply
  variables {
    build_dir = "tests/fixtures/build"
  }

  assert {
    condition     = length(output.functions) == 17 && alltrue([for function in output.functions : function.alias == "live" && endswith(function.alias_arn, ":live")])
    error_message = "Every function must have the alias live."
  }
  assert {
    condition     = alltrue([for route in merge([for service in local.shop_services : service.routes]...) : route.function.alias == "live" && endswith(route.function.alias_invoke_arn, ":live/invocations")])
    error_message = "Every route must hand on the alias of its function."
  }
  assert {
    condition     = length(module.rest_api.targets) == length(merge([for service in local.shop_services : service.routes]...)) && alltrue([for target in module.rest_api.targets : endswith(target.integration, ":live/invocations") && endswith(target.permission, ":live")])
    error_message = "Every integration and every permission of the API must be on an alias."
  }
  assert {
    condition     = toset(keys(module.inventory.trigger_targets)) == toset(["alert", "expire"]) && alltrue([for target in module.inventory.trigger_targets : endswith(target, ":live")])
    error_message = "The stream of the stock and the schedule must invoke aliases."
  }
  assert {
    condition     = toset(keys(module.fulfillment.trigger_targets)) == toset(["end-wait", "start-order", "start-refund"]) && alltrue([for target in module.fulfillment.trigger_targets : endswith(target, ":live")])
    error_message = "Every rule must deliver to an alias."
  }
  assert {
    condition     = toset(keys(output.workflows)) == toset(["fulfillment.order", "fulfillment.refund"]) && alltrue([for workflow in output.workflows : alltrue([for arn in workflow.invokes : endswith(arn, ":live")])])
    error_message = "Every state must invoke an alias."
  }
  assert {
    condition     = toset(keys(module.orders.trigger_targets)) == toset(["project", "publish"]) && alltrue([for target in module.orders.trigger_targets : endswith(target, ":live")])
    error_message = "Every event source mapping must invoke an alias."
  }
}

run "names_and_routes" {
  command = apply
  variables {
    build_dir = "tests/fixtures/build"
  }

  assert {
    condition = { for name, function in output.functions : name => function.name } == {
      "fulfillment.await_dispatch" = "tradepost-dev-fulfillment-await-dispatch"
      "fulfillment.dispatch"       = "tradepost-dev-fulfillment-dispatch"
      "fulfillment.end_wait"       = "tradepost-dev-fulfillment-end-wait"
      "inventory.alert"            = "tradepost-dev-inventory-alert"
      "inventory.api"              = "tradepost-dev-inventory-api"
      "inventory.expire"           = "tradepost-dev-inventory-expire"
      "inventory.stock"            = "tradepost-dev-inventory-stock"
      "operations.deploy_check"    = "tradepost-dev-operations-deploy-check"
      "orders.api"                 = "tradepost-dev-orders-api"
      "orders.commands"            = "tradepost-dev-orders-commands"
      "orders.project"             = "tradepost-dev-orders-project"
      "orders.publish"             = "tradepost-dev-orders-publish"
      "orders.replay"              = "tradepost-dev-orders-replay"
      "payments.api"               = "tradepost-dev-payments-api"
      "payments.charge"            = "tradepost-dev-payments-charge"
      "payments.rotate"            = "tradepost-dev-payments-rotate"
      "payments.webhook"           = "tradepost-dev-payments-webhook"
    }
    error_message = "Functions are named tradepost-<env>-<service>-<function>."
  }
  assert {
    condition = output.event_bus_name == "tradepost-dev" && output.tables == {
      for name in ["inventory_idempotency", "order_events", "orders_idempotency", "orders_view", "payments", "shipments", "stock", "stock_adjustments", "stock_reservations"] :
      name => "tradepost-dev-${replace(name, "_", "-")}"
    }
    error_message = "Tables and bus are named tradepost-<env>-<name>."
  }
  assert {
    condition     = toset(keys(module.orders.routes)) == toset(["POST /orders", "GET /orders", "GET /orders/{order_id}", "GET /orders/{order_id}/events", "POST /orders/{order_id}/cancel", "POST /orders/{order_id}/refunds"]) && alltrue([for route in module.orders.routes : route.api_key_required])
    error_message = "The API has these routes, and all of them ask for a partner's key."
  }
  assert {
    condition     = toset(keys(module.inventory.routes)) == toset(["GET /stock/{sku}", "PUT /stock/{sku}", "POST /stock/adjustments", "GET /stock/adjustments/{adjustment_id}"]) && alltrue([for route in module.inventory.routes : route.api_key_required])
    error_message = "The stock has these routes, and all of them ask for a partner's key."
  }
  assert {
    condition     = aws_s3_object.artifact["orders"].bucket == "tradepost-artifacts-123456789012-eu-west-1" && can(regex("^dev/orders/[0-9a-f]{64}\\.zip$", aws_s3_object.artifact["orders"].key))
    error_message = "A ZIP is uploaded under its digest."
  }
  assert {
    condition     = local.tags == { Project = "tradepost", Environment = "dev", ManagedBy = "terraform" }
    error_message = "Everything must be tagged with project, environment and owner."
  }
  assert {
    condition     = length(setsubtract(keys(output.functions), keys(output.failure_queues))) == 0
    error_message = "Every function must have a failure queue."
  }
}

run "every_function_is_released_by_its_own_alarms" {
  command = apply
  variables {
    build_dir = "tests/fixtures/build"
  }

  assert {
    condition     = output.codedeploy_application == "tradepost-dev" && alltrue([for key, function in output.functions : function.deployment_group == key && length(function.canary_alarms) >= 1 && alltrue([for alarm in function.canary_alarms : startswith(alarm, "${function.name}-canary-")])])
    error_message = "Every function must have a deployment group, and alarms on its newest version."
  }
  assert {
    condition     = output.deployment_hook == "tradepost-dev-operations-deploy-check:live"
    error_message = "Every deployment must be checked by the hook, through its alias."
  }
}

run "payments_talk_to_their_provider_from_the_network" {
  command = apply
  variables {
    build_dir            = "tests/fixtures/build"
    payment_provider_url = "https://payments.example.com:8443/shop/"
  }

  assert {
    condition     = endswith(module.payments.provider_secret.rotation_target, ":live")
    error_message = "The provider's key must be rotated through the alias of the function."
  }
  assert {
    condition     = local.payment_provider_port == 8443 && length(module.network.vpc.subnet_ids) == 2
    error_message = "The network must have two zones and lead to the provider's port."
  }
  assert {
    condition     = toset(keys(module.payments.routes)) == toset(["POST /payments/events", "GET /payments/{order_id}"]) && module.payments.routes["GET /payments/{order_id}"].api_key_required
    error_message = "Payments have these routes; partners need their key."
  }
}

run "refuses_credentials_over_plain_http" {
  command = plan
  variables {
    payment_provider_url = "http://payments.example.com"
  }
  expect_failures = [var.payment_provider_url]
}

# For whatever functions there are: what module service says of one reaches the pages, the dashboards and the list of alarms.
run "every_function_is_watched_and_drawn" {
  command = apply
  variables {
    build_dir = "tests/fixtures/build"
  }

  assert {
    condition = alltrue([
      for key, function in output.functions : output.alarms["${function.name}-errors"] == { kind = "function-errors", urgency = "page", service = split(".", key)[0] }
    ])
    error_message = "Every function's alarms must be in the catalog, under its service."
  }
  assert {
    condition = alltrue([
      for key, function in output.functions : strcontains(module.paging.rules[split(".", key)[0]], "ALARM(\"${function.name}-errors\")")
    ])
    error_message = "Every service's page must gather the urgent alarms of all of its functions."
  }
  assert {
    condition = alltrue([
      for key, function in output.functions : strcontains(module.service_dashboard[split(".", key)[0]].body, "\"title\":\"${replace(function.name, "tradepost-dev-", "")}: invocations\"")
    ])
    error_message = "Every function must be on its service's dashboard."
  }
  assert {
    condition     = output.dashboards == concat(["tradepost-dev-overview"], [for service in sort(keys(local.services)) : "tradepost-dev-${service}"])
    error_message = "There is an overview, and a dashboard for every service."
  }
  assert {
    condition     = alltrue([for alarm in output.alarms : fileexists("../docs/runbooks/${alarm.kind}.md")])
    error_message = "Every kind of alarm must have its runbook in docs/runbooks."
  }
}

run "refuses_unknown_names" {
  command = plan
  variables {
    environment      = "production"
    concurrency      = { order = {} }
    account_id       = "12"
    runbook_base_url = "https://example.com/"
    log_level        = "WARN"
  }
  expect_failures = [var.environment, var.concurrency, var.account_id, var.runbook_base_url, var.log_level]
}
