export { type About, type Ending, FORMAT, type Header } from './format.js';
export { openRecording, Recording } from './recording.js';
export { RecordingError } from './recording-error.js';
export { RunRecorder, type RunRecorderOptions } from './run-recorder.js';
