/** It has no declarations of its own. */
declare module "textlint-rule-prh" {
  import { type TextlintFixableRuleModule } from "@textlint/types"
  const rule: { readonly default: TextlintFixableRuleModule }
  export = rule
}
