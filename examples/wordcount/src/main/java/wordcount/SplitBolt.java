package wordcount;

import java.util.Locale;
import org.apache.storm.topology.BasicOutputCollector;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseBasicBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/** Splits sentences into lower-case words. A basic bolt: Storm anchors what it emits and acks when it returns. */
public class SplitBolt extends BaseBasicBolt {
    /** Emits each word of the sentence. */
    @Override
    public void execute(Tuple tuple, BasicOutputCollector collector) {
        for (String word : tuple.getString(0).toLowerCase(Locale.ROOT).split("[^\\p{L}]+")) {
            if (!word.isEmpty()) { // What is before a leading quote.
                collector.emit(new Values(word));
            }
        }
    }

    /** Declares the one field, word. */
    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(new Fields("word"));
    }
}
