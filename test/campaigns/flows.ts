import { NodeRuntime } from "@effect/platform-node"
import * as FlowRunner from "../FlowRunner.ts"

/** The program that is killed: runs flows with the settings of the environment. */
NodeRuntime.runMain(FlowRunner.run)
