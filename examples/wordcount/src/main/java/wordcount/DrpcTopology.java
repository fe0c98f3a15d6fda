package wordcount;

import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.drpc.LinearDRPCTopologyBuilder;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.topology.BasicOutputCollector;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseBasicBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/** Answers calls of the DRPC function {@code words}: how many words a text has. */
public final class DrpcTopology {
    private DrpcTopology() {
    }

    /** Submits the topology: name. */
    public static void main(String[] args) throws Exception {
        if (args.length != 1) {
            System.err.println("usage: wordcount.DrpcTopology <topology name>");
            System.exit(1);
        }
        Config config = new Config();
        config.setNumWorkers(1);
        StormSubmitter.submitTopology(args[0], config, topology());
    }

    /** The topology: calls come in, and answers go out, by spouts and bolts of Storm's own. */
    @SuppressWarnings("deprecation") // Trident, which is to be used instead, is far more than this.
    public static StormTopology topology() {
        LinearDRPCTopologyBuilder builder = new LinearDRPCTopologyBuilder("words");
        builder.addBolt(new WordsBolt(), 1);
        return builder.createRemoteTopology();
    }

    /** Counts the words of a call's argument. */
    public static class WordsBolt extends BaseBasicBolt {
        /** Answers one call: its id, which comes first, goes along. */
        @Override
        public void execute(Tuple tuple, BasicOutputCollector collector) {
            collector.emit(new Values(tuple.getValue(0), words(tuple.getString(1))));
        }

        /** Declares the call's id and the answer. */
        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("id", "answer"));
        }

        static int words(String text) {
            String trimmed = text.trim();
            return trimmed.isEmpty() ? 0 : trimmed.split("\\s+").length;
        }
    }
}
