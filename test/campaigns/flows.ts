import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FlowRunner from "../FlowRunner.ts"

/** The program that is killed: runs flows with the settings of the environment. */
NodeRuntime.runMain(FlowRunner.run)
