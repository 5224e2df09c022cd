package wire
import ("testing";"context";"io";"fmt")
func BenchmarkZZ(b *testing.B){
 for _,f:=range []string{"markdown","list","feature","needs"} { b.Run(f,func(b *testing.B){
 d:=fmt.Sprintf("/tmp/b4/set/%s-3333",f)
 for b.Loop(){ Main(context.Background(),"x",[]string{"trace","--solution","corp","--dir",d+"/code","--requirements",d+"/req","--results","tst="+d+"/r1.xml"},nil,io.Discard,io.Discard) }
 })}
}
