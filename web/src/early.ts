import { askEarly } from "./lib/early";

askEarly();
